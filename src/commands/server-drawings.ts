/*
 * The pictures of LOLWUT: squares that lose their order row by row, in dots of Braille characters
 * (eight to a character), and hills one behind the other, in blocks of grey. Pure: chance comes in
 * as a parameter. Must not know how pictures are asked for.
 */

/** Bits of a Braille character, by column and row of its dots. */
const DOTS: readonly (readonly number[])[] = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
];
const BRAILLE_BLANK = 0x2800;
const DOTS_WIDE = 2;
const DOTS_HIGH = 4;
/** A side is drawn by that many dots for each dot of its length, so that it has no gaps. */
const STEPS_PER_DOT = 1.5;

/** A picture of dots; what is drawn outside of it is cut off. */
class DotPicture {
  readonly #columns: number;
  readonly #characters: Uint8Array;

  constructor(columns: number, lines: number) {
    this.#columns = columns;
    this.#characters = new Uint8Array(columns * lines);
  }

  dot(x: number, y: number): void {
    const column = Math.floor(x / DOTS_WIDE);
    const at = Math.floor(y / DOTS_HIGH) * this.#columns + column;
    if (column < 0 || column >= this.#columns || at < 0 || at >= this.#characters.length) return;
    this.#characters[at] |= DOTS[x & 1]?.[y & 3] ?? 0;
  }

  line(fromX: number, fromY: number, toX: number, toY: number): void {
    const length = Math.max(Math.abs(toX - fromX), Math.abs(toY - fromY));
    const steps = Math.max(1, Math.ceil(length * STEPS_PER_DOT));
    for (let i = 0; i <= steps; i++) {
      const part = i / steps;
      this.dot(Math.round(fromX + (toX - fromX) * part), Math.round(fromY + (toY - fromY) * part));
    }
  }

  text(): string {
    let text = '';
    for (let from = 0; from < this.#characters.length; from += this.#columns) {
      const line = Array.from(this.#characters.subarray(from, from + this.#columns));
      text += `${String.fromCharCode(...line.map((dots) => BRAILLE_BLANK + dots))}\n`;
    }
    return text;
  }
}

export interface SquaresOptions {
  /** Of characters. */
  readonly columns: number;
  readonly perRow: number;
  readonly perColumn: number;
  /** The picture ends there, with as many rows of squares as fit. */
  readonly linesMax: number;
  readonly random: () => number;
}

/** Squares in rows; each row is turned and moved more than the one above, the first not at all. */
export function drawSquares(options: SquaresOptions): string {
  const { columns, perRow, perColumn, linesMax, random } = options;
  const width = columns * DOTS_WIDE;
  const margin = columns > 4 ? 2 : 0;
  const side = (width - 2 * margin) / perRow;
  const height = Math.ceil(side * perColumn) + 2 * margin;
  const lines = Math.min(linesMax, Math.max(1, Math.ceil(height / DOTS_HIGH)));
  const rows = Math.min(perColumn, Math.ceil((lines * DOTS_HIGH) / side));
  const picture = new DotPicture(columns, lines);
  for (let row = 0; row < rows; row++) {
    const disorder = row / perColumn;
    const spread = (amount: number) => (random() - 0.5) * amount * disorder;
    for (let column = 0; column < perRow; column++) {
      drawSquare(picture, {
        x: margin + (column + 0.5) * side + spread(side),
        y: margin + (row + 0.5) * side + spread(side),
        half: (side - 1) / 2,
        turn: spread(Math.PI / 2),
      });
    }
  }
  return picture.text();
}

function drawSquare(
  picture: DotPicture,
  { x, y, half, turn }: { x: number; y: number; half: number; turn: number },
): void {
  const radius = half * Math.SQRT2;
  const corners = [0, 1, 2, 3].map((quarter) => {
    const angle = turn + Math.PI / 4 + (quarter * Math.PI) / 2;
    return { x: x + radius * Math.cos(angle), y: y + radius * Math.sin(angle) };
  });
  let last = corners[3];
  for (const corner of corners) {
    if (last !== undefined) picture.line(last.x, last.y, corner.x, corner.y);
    last = corner;
  }
}

/** Grey as terminals know it, from the sky to the nearest hills. */
const GREYS = ['97;107', '37;47', '90;100', '30;40'] as const;
/** Widths of a hill, in columns, for the farthest and the nearest. */
const HILL_COLUMNS_FAR = 9;
const HILL_COLUMNS_NEAR = 24;

/** Rows of hills, the nearer ones darker and lower. */
export function drawHills(options: {
  columns: number;
  rows: number;
  random: () => number;
}): string {
  const { columns, rows, random } = options;
  const skylines = GREYS.slice(1).map((_, index) => {
    const nearness = index / (GREYS.length - 2);
    const width = HILL_COLUMNS_FAR + (HILL_COLUMNS_NEAR - HILL_COLUMNS_FAR) * nearness;
    const foot = 0.35 + 0.25 * index;
    const shift = random() * 2 * Math.PI;
    return Float64Array.from({ length: columns }, (_, x) => {
      const wave = Math.sin((x * Math.PI) / width + shift) + Math.sin(x / width + 2 * shift) / 2;
      return (foot - wave / 10) * rows;
    });
  });
  let text = '';
  for (let y = 0; y < rows; y++) {
    let grey = -1;
    for (let x = 0; x < columns; x++) {
      const shade = 1 + skylines.findLastIndex((skyline) => y >= skyline[x]);
      if (shade !== grey) text += `${grey < 0 ? '' : '\x1b[0m'}\x1b[0;${GREYS[shade] ?? '0'}m`;
      grey = shade;
      text += ' ';
    }
    text += '\x1b[0m\n';
  }
  return text;
}
