/*
 * The snapshot without data that `REPLCONF rdb-filter-only` asks for (redis-cli --functions-rdb):
 * we have no functions, so what is left is an empty RDB. It takes no freeze and is ready at once.
 */

import type { ReplicationMark, Transfer, TransferReader } from '../persistence/transfer.js';
import { latin1 } from '../structures/bytes.js';

/** Version 10, the end mark, and a checksum of zero: "not computed". */
const EMPTY_RDB: Uint8Array = new Uint8Array([
  ...latin1('REDIS0010'),
  0xff,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
]);

const reader: TransferReader = {
  read(position, target) {
    if (position >= EMPTY_RDB.length) return Promise.resolve('end');
    target.set(EMPTY_RDB.subarray(position));
    return Promise.resolve(EMPTY_RDB.length - position);
  },
  close() {},
};

export function emptyTransfer(mark: ReplicationMark): Transfer {
  const totalBytes = EMPTY_RDB.length;
  return {
    mark,
    isDiskless: true,
    writtenBytes: totalBytes,
    totalBytes,
    done: Promise.resolve({ ok: true, totalBytes }),
    openReader: () => reader,
    release() {},
  };
}
