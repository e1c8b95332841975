/*
 * DEBUG RELOAD: saves the data set and loads it again, or loads a file that is there. Both happen
 * beside the event loop, so every other client is paused meanwhile: a write between the save and
 * the load would be lost.
 */

import type { Arguments } from '../resp/arguments.js';
import type { Context } from './command.js';
import { NOT_IN_MULTI } from './errors.js';
import { wordArgument } from './server-arguments.js';
import * as errors from './server-errors.js';
import type { Services } from './services.js';

interface ReloadOptions {
  save: boolean;
  flush: boolean;
}

/**
 * Side effects: 1. blocks the caller; 2. pauses everybody else until the end; 3. writes the
 * database file, unless NOSAVE; 4. replaces the data set by the file's, or adds to it with NOFLUSH.
 */
export function reload(ctx: Context, args: Arguments): void {
  const options = parseOptions(args);
  if (options === null) return ctx.reply.error(errors.BAD_RELOAD_OPTION);
  if (ctx.isInTransaction) return ctx.reply.error(NOT_IN_MULTI);
  const { services } = ctx;
  const saving = options.save ? services.snapshots.saveInTurn('debug') : Promise.resolve(true);
  const unblock = ctx.block({ reason: 'save', timeoutMs: 0, onTimeout: () => {} });
  services.pause.pause({ purpose: 'reload', mode: 'all', untilMs: Number.POSITIVE_INFINITY });
  run(services, options, saving)
    .catch(() => errors.RELOAD_FAILED)
    .then((error) => {
      unblock((reply) => (error === null ? reply.ok() : reply.error(error)));
      services.pause.unpause('reload');
    })
    .catch((error: unknown) => services.log.warning(`DEBUG RELOAD: ${String(error)}`));
}

/** The error to answer, or `null`. */
async function run(
  services: Services,
  options: ReloadOptions,
  saving: Promise<boolean>,
): Promise<string | null> {
  if (!(await saving)) return errors.SAVE_FAILED;
  await services.snapshots.reload({ flush: options.flush });
  services.log.notice('DB reloaded by DEBUG RELOAD');
  return null;
}

function parseOptions(args: Arguments): ReloadOptions | null {
  const options: ReloadOptions = { save: true, flush: true };
  for (let i = 2; i < args.count; i++) {
    const word = wordArgument(args, i);
    if (word === 'nosave') options.save = false;
    else if (word === 'noflush') options.flush = false;
    // Keys of the file always replace those that are there: without MERGE Redis would exit.
    else if (word !== 'merge') return null;
  }
  return options;
}
