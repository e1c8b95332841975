/*
 * What bin/tandem-server does, for a build that is not in dist/.
 */

import { main } from '../../src/main.js';

await main(process.argv.slice(2));
