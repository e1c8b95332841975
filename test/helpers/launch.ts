/*
 * What bin/tandem-server does, for a build that is not in dist/.
 */

import { ignoreSignals } from '../../src/lifecycle/ignored-signals.js';

ignoreSignals();
const { main } = await import('../../src/main.js');
await main(process.argv.slice(2));
