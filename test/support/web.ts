import { createPrivateKey, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type JWTHeaderParameters, SignJWT } from 'jose';
import { run } from '../../scripts/demonstration/command.ts';

/** How the sender of the tests calls itself. */
export const CLIENT = 'self_service_chaman_123456_test';
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** What an assertion of a test says otherwise than a good one. */
export interface AssertionChange {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Partial<JWTHeaderParameters>;
}

/** What curl got. */
export interface WebAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A client of the web service that is the real curl. */
export interface WebClient {
  readonly url: string;
  /** A signed assertion; by the key of a file. */
  assertion(change?: AssertionChange, key?: string): Promise<string>;
  curl(path: string, ...args: string[]): Promise<WebAnswer>;
  askToken(assertion: string, ...args: string[]): Promise<WebAnswer>;
  /** A token that is good, as curl's arguments. */
  bearer(): Promise<string[]>;
}

/** A client that works in `dir` and signs with the key of that file. */
export function webClient(port: number, dir: string, keyFile: string): WebClient {
  const url = `https://127.0.0.1:${port}`;

  async function assertion({ claims = {}, header = {} }: AssertionChange = {}, file = keyFile): Promise<string> {
    const now = Math.floor(Date.now() / 1_000);
    const payload = {
      iss: CLIENT,
      sub: CLIENT,
      aud: `${url}/REST/oauth/v5/token`,
      jti: randomUUID(),
      iat: now,
      exp: now + 60,
    };
    const key = createPrivateKey(await readFile(file));
    return new SignJWT({ ...payload, ...claims }).setProtectedHeader({ alg: 'RS256', ...header }).sign(key);
  }

  async function curl(path: string, ...args: string[]): Promise<WebAnswer> {
    const common = ['-sS', '-k', '--max-time', '60', '-D', '-', '--http1.1', '-H', 'Expect:'];
    const text = await run('curl', [...common, ...args, path.startsWith('/') ? url + path : path], { cwd: dir });
    return parse(text);
  }

  function askToken(text: string, ...args: string[]): Promise<WebAnswer> {
    const form = [
      'grant_type=client_credentials',
      `client_assertion_type=${ASSERTION_TYPE}`,
      `client_assertion=${text}`,
    ];
    return curl('/REST/oauth/v5/token', ...form.flatMap((field) => ['--data-urlencode', field]), ...args);
  }

  async function bearer(): Promise<string[]> {
    const { body } = await askToken(await assertion());
    return ['-H', `Authorization: Bearer ${JSON.parse(body).access_token}`];
  }

  return { url, assertion, curl, askToken, bearer };
}

function parse(text: string): WebAnswer {
  const end = text.indexOf('\r\n\r\n');
  const [first = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  return { status: Number(first.split(' ')[1]), headers, body: text.slice(end + 4) };
}
