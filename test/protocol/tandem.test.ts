/*
 * The same table against our own server: it answers what is not quite a request as Redis does.
 */

import { startTandem } from '../helpers/tandem.js';
import { testProtocolCases } from './protocol-check.js';

testProtocolCases({ name: 'tandem', start: startTandem, skip: false });
