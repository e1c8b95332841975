/*
 * Values for directives, well-formed and hostile, which tests try on every row of the table.
 */

/** Values that test syntax, bounds, units and lists; for every directive some of them are right. */
export const directiveValues: readonly string[] = [
  ...['', ' ', 'yes', 'NO', 'maybe', '0', '1', '-1', '00', '+5', ' 5', '5 ', '0x10', '1e3', '2.5'],
  ...['70000', '2147483647', '2147483648', '-2147483648', '-2147483649', '4294967295'],
  ...['4294967296', '9223372036854775807', '9223372036854775808', '-9223372036854775808'],
  ...[
    '18446744073709551615',
    '18446744073709551616',
    '99999999999999999999999',
    '9007199254740993',
  ],
  ...['1k', '1KB', '3mb', '2G', '1gb', '1b', '1t', 'k', '10%', '0%', '100%', '101%', '-5%', '%'],
  ...['8', '777', '1000', '0777', 'a', 'ab cd', 'a/b', '.', '..', 'Ag$lshzxeKEtmdn', 'AKE', 'gxe'],
  ...['nKEm', 'Z', 'default', 'save', 'save now', 'nosave force', 'save nosave', 'now  force'],
  ...['900 1', '900 1 300', '900 1  300 10', '0 1', '1 0', '1 -1', '900 4294967296', '10 0x1'],
  ...['50', '50 99 99.9', '100.1', '-0.1', '1e1', 'nan', '99.12345678', '0 100', 'inf'],
  ...['normal 0 0 0', 'slave 1mb 2mb 3', 'replica 1 2 3 pubsub 4 5 6', 'master 1 1 1'],
  ...['normal 1 1', 'normal x 1 1', 'normal 1 1 -1', 'normal 1 1 x', 'NORMAL 1k 1kb 5'],
  ...['0 200 800', '1 2', '-2000 0 2000', '-2001 0 0', '1 2 x', '{title}', '{port}', '{', '{x}'],
  ...['{title} {port}', '{{', 'debug', 'Verbose', 'allkeys-lru', 'always', 'ip', 'swapdb'],
  ...['clients', 'optional', 'relative', 'absolute', 'user', 'systemd', 'panic', 'a_b', 'x:y'],
  ...[
    'json',
    'allchannels',
    'hostname',
    '{',
    '"',
    "'",
    'a"b c\'d',
    '\\',
    '\x80\xff\r\n',
    '#',
    '-x',
  ],
];
