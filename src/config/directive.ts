/*
 * What a configuration directive is: a row with its name, type (with bounds), initial value, and
 * how and when a change of it takes effect. The tables (directives-*.ts) are lists of such rows;
 * the reader of files, CONFIG GET, SET and REWRITE, the sample conf/tandem.conf and its test all
 * read the same rows, and nothing lists the directives a second time.
 *
 * Text in and out of a directive is latin1: one character is one byte, as in `Arguments.text`. Must
 * know neither files nor sockets.
 */

/** The outcome of reading a value: the typed value and the text CONFIG GET shows, or why not. */
export type Parsed<Value> =
  | { readonly value: Value; readonly text: string }
  | { readonly error: string };

/** How the values of a directive are written and read: as one word, or as all those of its line. */
export type ValueType<Value> = WordType<Value> | WordsType<Value>;

export interface WordType<Value> extends Shown<Value> {
  readonly takesWords: false;
  parse(word: string): Parsed<Value>;
}

export interface WordsType<Value> extends Shown<Value> {
  readonly takesWords: true;
  /** `previous` is the value in force, for types that change a part. */
  parse(words: readonly string[], previous: Value): Parsed<Value>;
}

interface Shown<Value> {
  /** The text that CONFIG GET shows. */
  format(value: Value): string;
  /**
   * What CONFIG REWRITE puts behind the name, one text for each line; reading them gives the value
   * again. `text` is the exact one of CONFIG GET, which is what is written where this is absent.
   */
  write?(value: Value, text: string): readonly string[];
  /** Present where repeated lines of one configuration add up instead of the last one winning. */
  accumulate?(earlier: Value, later: Value): Value;
}

/**
 * Which line of a value that is the default CONFIG REWRITE leaves in the file: `always` one, the
 * one that stands there already (`kept`), or `none`.
 */
export type DefaultLine = 'always' | 'kept' | 'none';

/** `protected`: changed at run time only as `enable-protected-configs` allows. */
export type Mutability = 'no' | 'yes' | 'protected';

/**
 * How a value takes effect.
 * - `start`: read once, when the server starts.
 * - `read`: read wherever it is used, so a change holds at once.
 * - `hook`: the part it belongs to registers with `Config.onChange` and acts on a change.
 * - `kept`: stored and shown, as tools expect; nothing in this version obeys it.
 */
export type ApplyKind = 'start' | 'read' | 'hook' | 'kept';

export interface DirectiveSettings<Value> {
  /** The older name that Redis keeps for it. */
  readonly alias?: string;
  readonly initial: Value;
  readonly mutable: Mutability;
  readonly apply: ApplyKind;
  /** The value is a secret: never logged. */
  readonly isSensitive?: boolean;
  /** CONFIG SET refuses it while a data set is loaded. */
  readonly isRefusedWhileLoading?: boolean;
  /** CONFIG GET shows it by its exact name only. For tests and developers. */
  readonly isHidden?: boolean;
  /** Where absent: `none` for an empty value, else `kept`. */
  readonly defaultLine?: DefaultLine;
  /** Refuses values that nothing in this version can obey and that must not be ignored. */
  refuse?(value: Value): string | null;
  /** What of it this version leaves undone though it obeys the rest, for the log. */
  readonly gap?: string;
  /** For people: what it does, in whole sentences. */
  readonly prose: string;
}

export interface Directive<Name extends string = string, Value = unknown>
  extends DirectiveSettings<Value> {
  readonly name: Name;
  readonly type: ValueType<Value>;
}

/** Any row, whatever its value type: its values pass only through its own type. */
export type AnyDirective = Directive<string, unknown>;

/** Makes a row and keeps the literal type of its name. */
export function directive<const Name extends string, Value>(
  name: Name,
  type: ValueType<Value>,
  settings: DirectiveSettings<NoInfer<Value>>,
): Directive<Name, Value> {
  return { name, type, ...settings };
}
