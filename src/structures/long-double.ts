/*
 * The 80-bit extended numbers in which INCRBYFLOAT computes, exactly: 64 bits of mantissa, read
 * from decimal (or hexadecimal) text, added, and written with at most 17 decimals. A double has
 * only 53 bits, and 0.1 added ten times would already read differently from Redis. A value is
 * `mantissa * 2^exponent` in BigInts; each operation computes exactly and rounds once, half to
 * even. Must not know the commands.
 */

export type LongDouble =
  | { readonly kind: 'infinite'; readonly isNegative: boolean }
  | {
      readonly kind: 'finite';
      readonly isNegative: boolean;
      /** Below 2^64. */
      readonly mantissa: bigint;
      readonly exponent: number;
    };

const MANTISSA_BITS = 64;
/** Exponent of the lowest mantissa bit: of the smallest (denormal) and the largest numbers. */
const EXPONENT_MIN = -16445;
const EXPONENT_MAX = 16383 - 63;
/** Longer text is refused, as Redis does. */
const TEXT_BYTES_MAX = 5 * 1024 - 1;
/** Decimal exponents beyond these overflow or vanish, whatever the (bounded) digits say. */
const DECIMAL_EXPONENT_BOUND = 20_000;
/** Decimals that formatLongDouble writes at most. */
const DECIMALS = 17;

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;
const HEXADECIMAL = /^([+-]?)0[xX]([\da-fA-F]*)(?:\.([\da-fA-F]*))?(?:[pP]([+-]?\d+))?$/;
const INFINITE = /^([+-]?)inf(?:inity)?$/i;

/**
 * Reads what C's `strtold` takes: decimal and hexadecimal numbers and infinities, whole, without
 * spaces. `null` for anything else, for NaN, and for what overflows or vanishes to zero.
 */
export function parseLongDouble(bytes: Uint8Array, start: number, end: number): LongDouble | null {
  if (end - start > TEXT_BYTES_MAX) return null;
  let text = '';
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i]);
  const infinite = INFINITE.exec(text);
  if (infinite) return { kind: 'infinite', isNegative: infinite[1] === '-' };
  return parseDigits(HEXADECIMAL.exec(text), 16) ?? parseDigits(DECIMAL.exec(text), 10);
}

function parseDigits(match: RegExpExecArray | null, base: 10 | 16): LongDouble | null {
  if (match === null) return null;
  const [, sign, whole = '', fraction = '', exponentText = '0'] = match;
  if (whole.length + fraction.length === 0) return null;
  const digits = BigInt((base === 16 ? '0x' : '') + whole + fraction);
  const isNegative = sign === '-';
  if (digits === 0n) return { kind: 'finite', isNegative, mantissa: 0n, exponent: 0 };
  const written = clamp(Number(exponentText), DECIMAL_EXPONENT_BOUND);
  let rounded: LongDouble;
  if (base === 16) {
    rounded = roundQuotient(isNegative, digits, 1n, written - 4 * fraction.length);
  } else {
    const scale = written - fraction.length;
    rounded =
      scale >= 0
        ? roundQuotient(isNegative, digits * 10n ** BigInt(scale), 1n, 0)
        : roundQuotient(isNegative, digits, 10n ** BigInt(-scale), 0);
  }
  const isOutOfRange = rounded.kind === 'infinite' || rounded.mantissa === 0n;
  return isOutOfRange ? null : rounded;
}

/** A signed 64-bit integer is exact in an extended number. */
export function longDoubleFromInteger(n: bigint): LongDouble {
  return roundQuotient(n < 0n, n < 0n ? -n : n, 1n, 0);
}

/** The rounded sum, or `null` for NaN (infinities of opposite signs). */
export function addLongDoubles(a: LongDouble, b: LongDouble): LongDouble | null {
  if (a.kind === 'infinite') {
    return b.kind === 'infinite' && b.isNegative !== a.isNegative ? null : a;
  }
  if (b.kind === 'infinite') return b;
  const exponent = Math.min(a.exponent, b.exponent);
  const sum = aligned(a, exponent) + aligned(b, exponent);
  if (sum === 0n) {
    const isNegative = a.isNegative && b.isNegative;
    return { kind: 'finite', isNegative, mantissa: 0n, exponent: 0 };
  }
  return roundQuotient(sum < 0n, sum < 0n ? -sum : sum, 1n, exponent);
}

/**
 * With at most 17 decimals, rounded half to even, no trailing zeros, no exponent; `inf`, `-inf`.
 */
export function formatLongDouble(value: LongDouble): string {
  if (value.kind === 'infinite') return value.isNegative ? '-inf' : 'inf';
  const scaled = roundedShift(value.mantissa * 10n ** BigInt(DECIMALS), value.exponent);
  const digits = scaled.toString().padStart(DECIMALS + 1, '0');
  const point = digits.length - DECIMALS;
  const fraction = digits.slice(point).replace(/0+$/, '');
  const text = fraction === '' ? digits.slice(0, point) : `${digits.slice(0, point)}.${fraction}`;
  return value.isNegative && text !== '0' ? `-${text}` : text;
}

function aligned(value: LongDouble & { kind: 'finite' }, exponent: number): bigint {
  const shifted = value.mantissa << BigInt(value.exponent - exponent);
  return value.isNegative ? -shifted : shifted;
}

/** `numerator / denominator * 2^exponent`, rounded once to 64 bits. */
function roundQuotient(
  isNegative: boolean,
  numerator: bigint,
  denominator: bigint,
  exponent: number,
): LongDouble {
  if (numerator === 0n) return { kind: 'finite', isNegative, mantissa: 0n, exponent: 0 };
  // Where the quotient's highest bit lies, give or take one; two spare bits and a sticky one
  // remain.
  const estimate = bitLength(numerator) - bitLength(denominator);
  const shift = MANTISSA_BITS + 2 - estimate;
  if (shift >= 0) numerator <<= BigInt(shift);
  else denominator <<= BigInt(-shift);
  let quotient = numerator / denominator;
  const isSticky = quotient * denominator !== numerator;
  quotient = (quotient << 1n) | (isSticky ? 1n : 0n);
  let low = exponent - shift - 1;
  const excess = Math.max(bitLength(quotient) - MANTISSA_BITS, EXPONENT_MIN - low);
  let mantissa = roundedShift(quotient, -excess);
  low += excess;
  if (bitLength(mantissa) > MANTISSA_BITS) {
    mantissa >>= 1n;
    low++;
  }
  if (low > EXPONENT_MAX) return { kind: 'infinite', isNegative };
  return { kind: 'finite', isNegative, mantissa, exponent: low };
}

/** `value * 2^shift`, rounded half to even when `shift` is negative. */
function roundedShift(value: bigint, shift: number): bigint {
  if (shift >= 0) return value << BigInt(shift);
  const bits = BigInt(-shift);
  const floor = value >> bits;
  const rest = value - (floor << bits);
  const half = 1n << (bits - 1n);
  const isUp = rest > half || (rest === half && (floor & 1n) === 1n);
  return isUp ? floor + 1n : floor;
}

function bitLength(value: bigint): number {
  const hex = value.toString(16);
  return hex.length * 4 - (Math.clz32(Number.parseInt(hex.charAt(0), 16)) - 28);
}

function clamp(n: number, bound: number): number {
  return Math.max(-bound, Math.min(bound, n));
}
