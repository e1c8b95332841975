/*
 * One command's facts as a line of redis-7.2.4-commands.tsv, in columns that a diff shows well:
 *
 *   name  arity  flags  first,last,step  categories  tips  key specs  since  group
 *   doc flags  deprecated since  replaced by  arguments
 *
 * Key specs are `index:1 range:0,1,0 (RO access)`. Arguments are `name:type`, with `"text"` where
 * it is shown otherwise, `#n` for its key spec, `=TOKEN`, `@since`, `@-deprecated`, `?` optional,
 * `*` multiple, `+` with its token each time, and parts in `{ }`. Of what replaces a command only
 * the words of commands and options are kept. Two descriptions that differ otherwise differ here.
 */

export interface KeySpecFacts {
  readonly flags: readonly string[];
  readonly begin_search: { readonly type: string; readonly spec: Record<string, unknown> };
  readonly find_keys: { readonly type: string; readonly spec: Record<string, unknown> };
}

export interface ArgumentFacts {
  readonly name: string;
  readonly type: string;
  readonly display_text?: string;
  readonly key_spec_index?: number;
  readonly token?: string;
  readonly since?: string;
  readonly deprecated_since?: string;
  readonly flags?: readonly string[];
  readonly arguments?: readonly ArgumentFacts[];
}

export interface CommandFacts {
  readonly name: string;
  readonly arity: number;
  readonly flags: readonly string[];
  readonly keys: readonly [first: number, last: number, step: number];
  readonly categories: readonly string[];
  readonly tips: readonly string[];
  readonly keySpecs: readonly KeySpecFacts[];
  readonly since: string;
  readonly group: string;
  readonly docFlags?: readonly string[] | undefined;
  readonly deprecatedSince?: string | undefined;
  readonly replacedBy?: string | undefined;
  readonly arguments?: readonly ArgumentFacts[] | undefined;
}

export function factLine(facts: CommandFacts): string {
  return [
    facts.name,
    String(facts.arity),
    words(facts.flags),
    facts.keys.join(','),
    words(facts.categories),
    words(facts.tips),
    facts.keySpecs.map(keySpec).join('; '),
    facts.since,
    facts.group,
    words(facts.docFlags ?? []),
    facts.deprecatedSince ?? '',
    commandWords(facts.replacedBy),
    (facts.arguments ?? []).map(argument).join(' '),
  ].join('\t');
}

function words(list: readonly string[]): string {
  return list.toSorted().join(' ');
}

/** `-` for a replacement that names no command. */
function commandWords(text: string | undefined): string {
  return text === undefined ? '' : (text.match(/`[^`]+`/g)?.join(' ') ?? '-');
}

function keySpec({ flags, begin_search, find_keys }: KeySpecFacts): string {
  const part = ({ type, spec }: KeySpecFacts['find_keys']) =>
    `${type}:${Object.values(spec).join(',')}`;
  return `${part(begin_search)} ${part(find_keys)} (${flags.join(' ')})`;
}

const marks: Readonly<Record<string, string>> = {
  optional: '?',
  multiple: '*',
  multiple_token: '+',
};

function argument(facts: ArgumentFacts): string {
  const { name, type, token, since, deprecated_since: deprecated } = facts;
  const parts = facts.arguments;
  const plainText = parts === undefined ? name : undefined;
  return [
    `${name}:${type}`,
    facts.display_text === plainText ? '' : `"${facts.display_text ?? ''}"`,
    facts.key_spec_index === undefined ? '' : `#${facts.key_spec_index}`,
    token === undefined ? '' : `=${token === '' ? '""' : token}`,
    since === undefined ? '' : `@${since}`,
    deprecated === undefined ? '' : `@-${deprecated}`,
    ...(facts.flags ?? []).map((flag) => marks[flag] ?? flag),
    parts === undefined ? '' : `{ ${parts.map(argument).join(' ')} }`,
  ].join('');
}
