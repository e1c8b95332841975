/*
 * What net/ needs to know of the configuration, read anew at each use so that CONFIG SET takes
 * effect at once. The one place where directives' names meet net's.
 */

import type { Config } from '../config/config.js';
import { STRING_BYTES_MAX } from '../limits.js';
import type { NetSettings } from '../net/request-handler.js';

export function netSettings(config: Config): NetSettings {
  const { values } = config;
  return {
    get queryBufferBytesMax() {
      return values['client-query-buffer-limit'];
    },
    get bulkBytesMax() {
      return Math.min(values['proto-max-bulk-len'], STRING_BYTES_MAX);
    },
    get idleSeconds() {
      return values.timeout;
    },
    get keepAliveSeconds() {
      return values['tcp-keepalive'];
    },
    get outputLimits() {
      return values['client-output-buffer-limit'];
    },
  };
}
