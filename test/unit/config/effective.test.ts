import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { stringify } from 'yaml';
import { maskUrl, printable, withoutSecrets } from '../../../config/effective.ts';
import { loadConfig, openSchema } from '../../../config/load.ts';
import { temporaryDir } from '../../support/pki.ts';

describe('the effective configuration', () => {
  let dir: string;
  let remove: () => Promise<void>;
  beforeEach(async () => {
    ({ dir, remove } = await temporaryDir());
  });
  afterEach(() => remove());

  async function load(text: string) {
    const path = join(dir, 'bode.yaml');
    await writeFile(path, text);
    const config = await loadConfig(path, { BROKER: 'amqp://user:hunter2@host/v' });
    return { config, shown: printable(await openSchema(dirname(path), {}), config) };
  }

  it('means the same again when it is written to a file', async () => {
    const { config, shown } = await load(
      'channels: { sftp: { idle: 90s }, drop: { directories: { "123456": drop } } }\nantivirus: { clamd: "unix:clamd.ctl" }\ngoals: { DMFA: { maxFileBytes: 35MiB } }',
    );
    expect(shown['channels']).to.deep.nested.include({ 'sftp.idle': '90s' });
    expect((await load(stringify(shown))).config).to.deep.equal(config);
  });

  it('shows no password of a store or a broker', async () => {
    const { config, shown } = await load(
      'store: { url: "postgres://user:hunter2@host/db?sslpassword=hunter3" }\nbroker: { url: { env: BROKER } }',
    );
    for (const text of [JSON.stringify(shown), JSON.stringify(withoutSecrets(config))]) {
      expect(text).not.to.match(/hunter/);
      expect(text).to.include('postgres://user:***@host/db');
      expect(text).to.include('amqp://user:***@host/v');
    }
    expect(config.broker.url).to.include('hunter2');
  });

  for (const [url, masked] of [
    ['embedded', 'embedded'],
    ['sqlite:/x/y.sqlite', 'sqlite:/x/y.sqlite'],
    ['amqp://host/v', 'amqp://host/v'],
    ['postgres://u:p%40ss@host:5432/db?password=x&a=b', 'postgres://u:***@host:5432/db?password=***&a=b'],
    ['postgres://u:p@ss word@ho st/db', '***'],
  ] as const) {
    it(`shows ${masked}`, () => expect(maskUrl(url)).to.equal(masked));
  }
});
