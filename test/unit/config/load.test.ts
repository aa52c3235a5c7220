import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { type Config, loadConfig } from '../../../config/load.ts';
import { packageRoot } from '../../../config/package-root.ts';
import { EngineError } from '../../../engine/core/errors.ts';
import type { Goals } from '../../../engine/registry/goals.ts';
import { temporaryDir } from '../../support/pki.ts';

const PASSWORD = 'hunter2';

describe('loadConfig', () => {
  let dir: string;
  let remove: () => Promise<void>;
  beforeEach(async () => {
    ({ dir, remove } = await temporaryDir());
  });
  afterEach(() => remove());

  async function load(text: string, env: NodeJS.ProcessEnv = {}): Promise<Config> {
    const path = join(dir, 'bode.yaml');
    await writeFile(path, text);
    return loadConfig(path, env);
  }

  async function mistakesOf(text: string, env: NodeJS.ProcessEnv = {}): Promise<string[]> {
    const error = await load(text, env).then(
      () => new Error('it was taken'),
      (caught: unknown) => caught,
    );
    expect(error).to.be.instanceOf(EngineError);
    expect((error as EngineError).code).to.equal('config_invalid');
    return (error as EngineError).message.split('\n').map((line) => line.replace(`${join(dir, 'bode.yaml')}: `, ''));
  }

  describe('defaults', () => {
    it('are in force without a file, relative to the working directory', async () => {
      const config = await loadConfig(undefined);
      expect(config.dataDir).to.equal(join(process.cwd(), 'data'));
      expect(config.store.url).to.equal(`sqlite:${join(process.cwd(), 'data', 'bode.sqlite')}`);
      expect(config.broker.url).to.equal('embedded');
      expect(config.channels.sftp.port).to.equal(2222);
      expect(config.channels.sftp.idle).to.equal(600_000);
      expect(config.landing.fileBytes).to.equal(2 * 2 ** 30);
      expect(config.shutdown.patience).to.equal(25_000);
    });

    it('are in force for an empty file', async () => {
      expect((await load('')).channels).to.deep.equal((await loadConfig(undefined)).channels);
    });

    it('fit the port that the rest of the engine reads goals by', async () => {
      const goals: Goals = (await loadConfig(undefined)).goals;
      expect(goals['DMFA']?.code).to.equal('DMFA');
    });
  });

  describe('the example', () => {
    const example = () => readFile(join(packageRoot(), 'config', 'example.yaml'), 'utf8');

    it('says the defaults', async () => {
      const text = await example();
      expect(await load(text)).to.deep.equal(await load(''));
    });

    it('has every key there is', async () => {
      const config = await loadConfig(undefined);
      const apart = { goals: {}, networks: {}, messageTypes: {}, sources: {}, lists: {} }; // in files of their own
      expect(pathsIn({ ...parse(await example()), ...apart })).to.deep.equal(pathsIn({ ...config, ...apart }));
    });

    it('shows with the shipped goals every key of a goal', async () => {
      const text = await readFile(join(packageRoot(), 'config', 'goals.yaml'), 'utf8');
      const { code: _, ...goal } = (await loadConfig(undefined)).goals['DMFA'] ?? { code: '' };
      expect(pathsIn(parse(text).DMFA)).to.deep.equal(pathsIn(goal));
    });
  });

  describe('the shipped message types', () => {
    it('show at the first every key that a type may have', async () => {
      const text = await readFile(join(packageRoot(), 'config', 'message-types.yaml'), 'utf8');
      const { id: _, ...type } = (await loadConfig(undefined)).messageTypes['declaration-copy'] ?? { id: '' };
      expect(pathsIn(parse(text)['declaration-copy'])).to.deep.equal(pathsIn(type));
    });

    it('are those of the engine at least, and may be changed key by key', async () => {
      const { messageTypes } = await load('messageTypes: { declaration-copy: { validity: { number: 7 } } }');
      expect(messageTypes['declaration-copy']).to.deep.include({ id: 'declaration-copy', attachments: 6 });
      expect(messageTypes['declaration-copy']?.validity).to.deep.equal({ number: 7, unit: 'year' });
      const lines = await mistakesOf(
        'messageTypes: { reply: false, attest: { names: {} }, x/y: { names: { nl: X } } }',
      );
      expect(lines.map((line) => line.split(':')[0])).to.have.members([
        'messageTypes.attest.names',
        'messageTypes.x/y',
      ]);
    });
  });

  describe('mistakes', () => {
    it('are all named at once, with place, reason and what is allowed', async () => {
      const lines = await mistakesOf(`
dataDri: x
log: { level: debgu }
store: { url: "mysql://u:${PASSWORD}@h/x", poolsize: 3 }
broker: { prefetch: { forms: 0 }, retry: { firstDelay: 5x } }
channels: { sftp: { prot: 1, port: 99999 }, ftp: 3 }
trust: { anchors: [nope.pem] }
intake: { signature: { allow: [sha1, md4] } }
`);
      expect(lines).to.have.members([
        'dataDri: unknown key, did you mean "dataDir"?; allowed: dataDir, identity, log, store, broker, channels, networks, logins, access, schemas, trust, mandates, scheduler, alerts, observe, landing, intake, antivirus, inspection, shutdown, goals, sources, lists, mailboxes, expiry, mail, webhooks, messageTypes',
        'log.level: not one of the values there are; allowed: fatal, error, warn, info, debug, trace, silent',
        'store.url: of the wrong form; allowed: sqlite:PATH, postgres://USER:SECRET@HOST/DATABASE',
        'store.poolsize: unknown key, did you mean "poolSize"?; allowed: url, poolSize, connectWithin, answerWithin, contentGrace',
        'broker.prefetch.forms: out of bounds or of the wrong form; allowed: a whole number from 1 to 1000',
        'broker.retry.firstDelay: not a duration with its unit; allowed: a whole number followed by one of ms, s, m, h, d, from 10ms to 1h',
        'channels.sftp.prot: unknown key, did you mean "port"?; allowed: enabled, host, port, networks, proxies, connections, startups, startupsPerAddress, connectionsPerSender, sessionsPerConnection, handlesPerSession, idle, authTimeout, authAttempts',
        'channels.sftp.port: out of bounds or of the wrong form; allowed: a whole number from 0 to 65535',
        'channels.ftp: must be a group of keys, not a number; allowed: enabled, host, port, networks, proxies, proxiesData, implicitPort, publicAddress, passivePorts, certificate, key, connections, startups, startupsPerAddress, connectionsPerSender, idle, authTimeout, authAttempts',
        'trust.anchors[0]: there is no such file or directory; allowed: an existing one, relative to the configuration file or absolute',
        'intake.signature.allow[1]: not one of the values there are; allowed: sha1, md5, rsa1024',
      ]);
    });

    const wrong = {
      'a file that is a list': ['- a', ''],
      'a number without its unit': ['shutdown: { patience: 30 }', 'shutdown.patience'],
      'a unit that does not exist': ['landing: { fileBytes: 3MB }', 'landing.fileBytes'],
      'a duration over its limit': ['channels: { sftp: { idle: 2d } }', 'channels.sftp.idle'],
      'a fraction': ['inspection: { workers: 1.5 }', 'inspection.workers'],
      'a number as text': ['observe: { port: "9464" }', 'observe.port'],
      'an empty group': ['channels:', 'channels'],
      'a host of two lines': ['observe: { host: "a\\nb" }', 'observe.host'],
      'a path with NUL': ['dataDir: "a\\0b"', 'dataDir'],
      'a schema directory that is nowhere': ['schemas: { dirs: [nowhere] }', 'schemas.dirs[0]'],
      'a channel bound to a link that there is not': [
        'channels: { ftp: { networks: [publilink, nowhere] } }',
        'channels.ftp.networks[1]',
      ],
      'the web service bound to a link that there is not': [
        'channels: { webservice: { networks: [nowhere] } }',
        'channels.webservice.networks[0]',
      ],
      'a load balancer by name': ['channels: { sftp: { proxies: [balancer] } }', 'channels.sftp.proxies[0]'],
      'a drop folder of nobody': [
        'channels: { drop: { directories: { 12345: a } } }',
        'channels.drop.directories.12345',
      ],
      'a drop folder in another': [
        'channels: { drop: { directories: { "123456": a, "123457": a/b } } }',
        'channels.drop.directories.123457',
      ],
      'a drop folder that holds dataDir': [
        'channels: { drop: { directories: { "123456": . } } }',
        'channels.drop.directories.123456',
      ],
      'a drop folder in dataDir': [
        'channels: { drop: { directories: { "123456": data/x } } }',
        'channels.drop.directories.123456',
      ],
      'a mode that is none': ['channels: { drop: { mode: "0999" } }', 'channels.drop.mode'],
      'an address of clamd that is none': ['antivirus: { clamd: "127.0.0.1:3310" }', 'antivirus.clamd'],
      'an amqp address without a host': ['broker: { url: "amqp://" }', 'broker.url'],
    };
    for (const [name, [text, path]] of Object.entries(wrong)) {
      it(`refuses ${name}`, async () => {
        const lines = await mistakesOf(text ?? '');
        expect(lines).to.have.length(1);
        expect(lines[0]).to.match(
          path === '' ? /bode\.yaml|^must be/ : new RegExp(`^${path?.replace(/[[\]]/g, '\\$&')}: .*; allowed: `),
        );
      });
    }

    it('never show a value', async () => {
      const lines = await mistakesOf(`
store: "postgres://u:${PASSWORD}@h/x"
broker: { url: "ampq://u:${PASSWORD}@h" }
observe: { host: [${PASSWORD}], port: ${PASSWORD} }
`);
      expect(lines).to.have.length(4);
      expect(lines.join('\n')).not.to.include(PASSWORD);
    });
  });

  describe('secrets', () => {
    it('are read from the first line of a file beside the configuration', async () => {
      await writeFile(join(dir, 'store.url'), `postgres://u:${PASSWORD}@h/x\nsecond line\n`);
      const config = await load('store: { url: { file: store.url } }');
      expect(config.store.url).to.equal(`postgres://u:${PASSWORD}@h/x`);
    });

    it('are read from the environment', async () => {
      const config = await load('broker: { url: { env: BROKER } }', { BROKER: `amqp://u:${PASSWORD}@h/v` });
      expect(config.broker.url).to.equal(`amqp://u:${PASSWORD}@h/v`);
    });

    it('that are not there are mistakes', async () => {
      expect(await mistakesOf('store: { url: { file: none } }\nbroker: { url: { env: NONE } }')).to.deep.equal([
        'store.url.file: the file cannot be read (ENOENT); allowed: a file that the engine can read',
        'broker.url.env: the environment variable is not set; allowed: one that is set',
      ]);
    });

    it('of the wrong form are mistakes that do not show them', async () => {
      const lines = await mistakesOf('broker: { url: { env: BROKER } }', { BROKER: PASSWORD });
      expect(lines).to.have.length(1);
      expect(lines[0]).to.match(/^broker\.url: of the wrong form; allowed: /);
      expect(lines[0]).not.to.include(PASSWORD);
    });
  });

  describe('paths', () => {
    it('are relative to the configuration file', async () => {
      await mkdir(join(dir, 'pki'));
      const config = await load('dataDir: d\nstore: { url: "sqlite:s/x.sqlite" }\ntrust: { anchors: [pki] }');
      expect(config.dataDir).to.equal(join(dir, 'd'));
      expect(config.store.url).to.equal(`sqlite:${join(dir, 's/x.sqlite')}`);
      expect(config.trust.anchors).to.deep.equal([join(dir, 'pki')]);
    });

    it('put the embedded database in dataDir when nothing else is said', async () => {
      expect((await load('dataDir: d')).store.url).to.equal(`sqlite:${join(dir, 'd/bode.sqlite')}`);
    });

    it('leave a store in memory as it is', async () => {
      expect((await load('store: { url: "sqlite::memory:" }')).store.url).to.equal('sqlite::memory:');
    });

    it('find the shipped schemas from anywhere, and look into them last', async () => {
      const shipped = join(packageRoot(), 'schemas/xsd');
      expect((await load('schemas: { dirs: [schemas/xsd] }')).schemas.dirs).to.deep.equal([shipped]);
      await mkdir(join(dir, 'own'));
      expect((await load('schemas: { dirs: [own] }')).schemas.dirs).to.deep.equal([join(dir, 'own'), shipped]);
    });

    it('prefer a schema directory beside the configuration file', async () => {
      await mkdir(join(dir, 'schemas/xsd'), { recursive: true });
      const { dirs } = (await load('')).schemas;
      expect(dirs).to.deep.equal([join(dir, 'schemas/xsd'), join(packageRoot(), 'schemas/xsd')]);
    });
  });

  it('freezes the configuration to its depth', async () => {
    const config = await loadConfig(undefined);
    expect(unfrozenIn(config)).to.deep.equal([]);
    expect(() => Object.assign(config.channels.sftp, { port: 1 })).to.throw(TypeError);
  });
});

/** The place of every leaf; lists are leaves. */
function pathsIn(value: unknown, prefix = ''): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [prefix];
  return Object.entries(value)
    .flatMap(([key, inner]) => pathsIn(inner, `${prefix}.${key}`))
    .sort();
}

function unfrozenIn(value: unknown, prefix = 'config'): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = Object.isFrozen(value) ? [] : [prefix];
  return [...own, ...Object.entries(value).flatMap(([key, inner]) => unfrozenIn(inner, `${prefix}.${key}`))];
}
