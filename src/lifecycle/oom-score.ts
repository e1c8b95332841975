/*
 * How readily the kernel kills this process when memory runs out (Linux): the score that
 * oom-score-adj-values has for the role, relative to what was there before or absolute. What was
 * there before comes back when the directive is switched off.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import type { Config } from '../config/config.js';
import type { Log } from '../observability/log.js';
import { systemErrorText } from '../structures/system-error.js';

const FILE = '/proc/self/oom_score_adj';
const SCORE_MAX = 1000;

export class OomScore {
  #role: 'primary' | 'replica' = 'primary';
  readonly #config: Config;
  readonly #log: Log;
  readonly #file: string;
  /** What was there before the first change of ours; null while there is none. */
  #before: number | null = null;

  constructor(options: { config: Config; log: Log; file?: string }) {
    this.#config = options.config;
    this.#log = options.log;
    this.#file = options.file ?? FILE;
  }

  set role(role: 'primary' | 'replica') {
    this.#role = role;
    if (this.#before !== null) this.apply();
  }

  /** Puts what the directives say in force; false where the system refuses, which is logged. */
  apply(): boolean {
    const { values } = this.#config;
    const mode = values['oom-score-adj'];
    if (mode === 'no') {
      if (this.#before === null) return true;
      const isBack = this.#write(this.#before);
      if (isBack) this.#before = null;
      return isBack;
    }
    const before = this.#before ?? this.#read();
    if (before === null) return false;
    const [primary = 0, replica = 0] = values['oom-score-adj-values'];
    const wanted = this.#role === 'primary' ? primary : replica;
    const score = mode === 'relative' ? before + wanted : wanted;
    const isWritten = this.#write(Math.min(Math.max(score, -SCORE_MAX), SCORE_MAX));
    if (isWritten) this.#before = before;
    return isWritten;
  }

  #read(): number | null {
    try {
      return Number.parseInt(readFileSync(this.#file, 'latin1'), 10);
    } catch (error) {
      this.#log.warning(`Unable to read oom_score_adj: ${systemErrorText(error)}`);
      return null;
    }
  }

  #write(score: number): boolean {
    try {
      // Not created where it is missing: then this is no Linux.
      writeFileSync(this.#file, `${score}\n`, { flag: 'r+' });
      return true;
    } catch (error) {
      this.#log.warning(`Unable to write oom_score_adj: ${systemErrorText(error)}`);
      return false;
    }
  }
}
