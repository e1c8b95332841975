/*
 * Doubles as text, in the one form in which clients get scores and other floating point replies:
 * the shortest digits that read back as the same number, with an exponent only for the very large
 * and very small. Decimal input and the wider arithmetic of INCRBYFLOAT live in long-double.ts.
 * Must not know the protocol.
 */

/** Integers up to here are written in full, beyond with an exponent where that is shorter. */
const PLAIN_INTEGER_MAX = 2 ** 62;

/** The shortest text that reads back as `n`; `inf`, `-inf`, `nan`; `-0` for minus zero. */
export function formatDouble(n: number): string {
  if (Number.isNaN(n)) return 'nan';
  if (n === Number.POSITIVE_INFINITY) return 'inf';
  if (n === Number.NEGATIVE_INFINITY) return '-inf';
  if (n === 0) return Object.is(n, -0) ? '-0' : '0';
  if (Number.isInteger(n) && Math.abs(n) <= PLAIN_INTEGER_MAX) return BigInt(n).toString();
  const sign = n < 0 ? '-' : '';
  const [mantissa = '', exponentText] = Math.abs(n).toExponential().split('e');
  const digits = mantissa.replace('.', '');
  return sign + placeDigits(digits, Number(exponentText) - digits.length + 1);
}

/** `digits` times ten to the `scale`, in the layout that Redis 7.2 chooses. */
function placeDigits(digits: string, scale: number): string {
  const count = digits.length;
  const exponent = scale + count - 1;
  if (scale >= 0 && Math.abs(exponent) < count + 7) return digits + '0'.repeat(scale);
  if (scale < 0 && (scale > -7 || Math.abs(exponent) < 4)) {
    const point = count + scale;
    if (point <= 0) return `0.${'0'.repeat(-point)}${digits}`;
    return `${digits.slice(0, point)}.${digits.slice(point)}`;
  }
  const fraction = count > 1 ? `.${digits.slice(1)}` : '';
  return `${digits[0]}${fraction}e${exponent < 0 ? '-' : '+'}${Math.abs(exponent)}`;
}
