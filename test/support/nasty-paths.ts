/** Paths that a sender may not write, by what is wrong with them; FTP cannot even say one with a line feed. */
export const REFUSED_PATHS: Readonly<Record<string, string | Buffer>> = {
  '256 bytes': `/IN/${'x'.repeat(256)}`,
  NUL: '/IN/a\0b',
  'a carriage return': '/IN/a\rb',
  'an escape': '/IN/\u001b[2J',
  'a backslash': '/IN/..\\..\\x',
  'a leading hyphen': '/IN/-rf',
  'text direction': '/IN/\u202egpj.exe',
  'bytes that are not UTF-8': Buffer.from([...Buffer.from('/IN/'), 0xff, 0xfe]),
  'an overlong slash': Buffer.from([...Buffer.from('/IN/..'), 0xc0, 0xaf, 0x61]),
  'a folder inside': '/IN/sub/x',
  'the root': '/x',
  'a folder that begins alike': '/IN2/x',
  'a folder in another case': '/in/x',
  'the way to the file system': '/IN/../../../../etc/passwd',
  'OUT through IN': '/IN/../OUT/x',
};

/** Names that look dangerous and are nothing but names. */
export const TAKEN_NAMES: Readonly<Record<string, string>> = {
  '255 bytes': 'x'.repeat(255),
  'a dot at the end': 'a.',
  'a space at the end': 'a ',
  'a semicolon and quotes': `a;'"$(id)\``,
  percent: '%2e%2e%2f',
  SQL: `x'); drop table folder_files; --`,
  'a template': `\${7*7}{{7*7}}<%= 7*7 %>%n`,
  'a formula': '=cmd()',
  'a file of the system': 'authorized_keys',
};
