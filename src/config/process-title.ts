/*
 * The template of the process title: which variables it may name. Filling it in is a pure function
 * too, so that whoever shows the title needs no second list.
 */

export interface TitleVariables {
  readonly title: string;
  readonly 'listen-addr': string;
  readonly 'server-mode': string;
  readonly port: string;
  readonly 'tls-port': string;
  readonly unixsocket: string;
  readonly 'config-file': string;
}

/** Which variables are empty decides whether a template shows anything; so it does in Redis. */
const sample: TitleVariables = {
  title: '',
  'listen-addr': '*:6379',
  'server-mode': '',
  port: '6379',
  'tls-port': '0',
  unixsocket: '',
  'config-file': '',
};

/**
 * The filled-in template without blanks at its ends; `{{` stands for one brace. Null when a
 * variable is unknown or not closed, or when nothing is left to show.
 */
export function expandTitle(template: string, variables: TitleVariables): string | null {
  let isValid = true;
  const expanded = template.replace(
    /\{(?:\{|([^}]*)(\}?))/g,
    (whole, name?: string, end?: string) => {
      if (whole === '{{') return '{';
      const value = lookUp(variables, name ?? '');
      if (value === undefined || end === '') isValid = false;
      return value ?? '';
    },
  );
  const title = expanded.replace(/^ +| +$/g, '');
  return isValid && title !== '' ? title : null;
}

function lookUp(variables: TitleVariables, name: string): string | undefined {
  return Object.hasOwn(variables, name) ? variables[name as keyof TitleVariables] : undefined;
}

export function refuseTitleTemplate(template: string): string | null {
  const isValid = expandTitle(template, sample) !== null;
  return isValid ? null : 'template format is invalid or contains unknown variables';
}
