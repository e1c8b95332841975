/*
 * Rows of figures: for each contender the figures of all rounds, shown as their median, half the
 * distance between the best and the worst of them, and the ratio of the medians to the first
 * contender's. As text while they come, as JSON in the end.
 */

import { median } from './median.js';

export interface Row {
  readonly part: string;
  readonly what: string;
  readonly unit: string;
  /** By contender. */
  readonly figures: Readonly<Record<string, readonly number[]>>;
}

const LABEL_COLUMNS = 66;

/** `12.3 ±4 %` and the like. */
export function describeFigures(figures: readonly number[]): string {
  const middle = median(figures);
  const spread = (Math.max(...figures) - Math.min(...figures)) / 2 / Math.abs(middle);
  const percent = Number.isFinite(spread) ? Math.round(spread * 100) : 0;
  return `${threeDigits(middle)} ±${percent} %`;
}

/** Three digits that count, never an exponent. */
function threeDigits(figure: number): string {
  if (figure === 0) return '0';
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(figure))));
  return figure.toFixed(Math.min(decimals, 6));
}

/** To the first contender; null where there is nothing to divide. */
export function ratios({ figures }: Row): (number | null)[] {
  const [first, ...others] = Object.values(figures).map(median);
  return others.map((one) => (first ? one / first : null));
}

export class Report {
  readonly #names: readonly string[];
  readonly #head: Readonly<Record<string, string>>;
  readonly #rows: Row[] = [];
  readonly #write: (text: string) => void;
  #part = '';

  constructor(
    names: readonly string[],
    head: Readonly<Record<string, string>>,
    write: (text: string) => void,
  ) {
    this.#names = names;
    this.#head = head;
    this.#write = write;
    for (const [name, value] of Object.entries(head)) write(`${name}: ${value}\n`);
  }

  add(row: Row): void {
    this.#rows.push(row);
    if (row.part !== this.#part) {
      this.#part = row.part;
      const columns = this.#names.map((name) => name.padStart(16)).join('');
      this.#write(`\n${row.part.padEnd(LABEL_COLUMNS)}${columns}   ratio\n`);
    }
    const label = `  ${row.what}, ${row.unit}`.padEnd(LABEL_COLUMNS);
    const cells = this.#names.map((name) => describeFigures(row.figures[name] ?? []).padStart(16));
    const shown = ratios(row).map((ratio) => (ratio === null ? '-' : ratio.toFixed(2)).padStart(8));
    this.#write(`${label}${cells.join('')}${shown.join('')}\n`);
  }

  /** Everything, for programs. */
  toJson(): string {
    const rows = this.#rows.map((row) => ({ ...row, ratios: ratios(row) }));
    return `${JSON.stringify({ machine: this.#head, rows }, null, 2)}\n`;
  }
}
