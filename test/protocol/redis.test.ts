/*
 * The table of protocol cases against a real redis-server: what the table claims is what Redis
 * does.
 */

import { skipWithoutRedis, startRedis } from '../helpers/redis-server.js';
import { testProtocolCases } from './protocol-check.js';

testProtocolCases({ name: 'redis-server', start: startRedis, skip: skipWithoutRedis });
