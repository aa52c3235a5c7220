import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { EngineError } from '../../../engine/core/errors.ts';
import { loadIdentity } from '../../../engine/outbound/identity.ts';
import { makeCertificate, temporaryDir } from '../../support/pki.ts';

const NOW = new Date('2026-06-01T12:00:00Z');

describe('loadIdentity', () => {
  let dir: string;
  let remove: () => Promise<void>;

  beforeEach(async () => ({ dir, remove } = await temporaryDir()));
  afterEach(() => remove());

  const at = (name: string) => join(dir, name);
  const load = (now = NOW) => loadIdentity({ dir, commonName: 'Bode test', now });
  /** A pair of the operator's own: quicker made than the engine's. */
  const place = async (name: string) => {
    const { cert, key } = await makeCertificate(dir, { name, key: 'ec:P-256' });
    await writeFile(at('engine.pem'), await readFile(cert));
    await writeFile(at('engine.key'), await readFile(key), { mode: 0o600 });
  };
  const refusal = async (now?: Date): Promise<EngineError> => {
    const error = await load(now).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(EngineError).with.property('code', 'config_invalid');
    return error as EngineError;
  };

  it('makes a certificate and a key only its owner can read, and gives the same ones the next time', async () => {
    const first = await load();
    expect(first.certificate.subject).to.equal('CN=Bode test');
    expect(first.certificate.ca).to.equal(false);
    expect((await stat(at('engine.key'))).mode & 0o777).to.equal(0o600);
    expect(await readFile(at('engine.key'), 'utf8')).to.match(/^-----BEGIN PRIVATE KEY-----/);
    expect((await load()).certificate.raw).to.deep.equal(first.certificate.raw);
    expect((await readdir(dir)).sort()).to.deep.equal(['engine.key', 'engine.pem']);
  });

  it('ends with one identity however many start at once', async () => {
    const all = await Promise.all(Array.from({ length: 3 }, () => load()));
    expect(new Set(all.map(({ certificate }) => certificate.fingerprint256)).size).to.equal(1);
    expect((await readdir(dir)).sort()).to.deep.equal(['engine.key', 'engine.pem']);
  });

  it('goes on where a start was cut off between key and certificate', async () => {
    const { privateKey } = await load();
    await rm(at('engine.pem'));
    const again = await load();
    expect(again.privateKey.equals(privateKey)).to.equal(true);
  });

  it('takes a pair the operator put there', async () => {
    await place('own');
    expect((await load()).privateKey.asymmetricKeyType).to.equal('ec');
  });

  it('refuses a certificate without its key, and never makes a new key for it', async () => {
    await place('own');
    await rm(at('engine.key'));
    expect((await refusal()).message).to.match(/engine\.key: it cannot be read \(ENOENT\)/);
    expect(await readdir(dir)).to.not.include('engine.key');
  });

  it('refuses a certificate and a key that do not belong together', async () => {
    await place('own');
    const certificate = await readFile(at('engine.pem'));
    await place('other');
    await writeFile(at('engine.pem'), certificate);
    expect((await refusal()).message).to.match(/does not belong to engine\.key/);
  });

  it('refuses damaged files, without quoting them', async () => {
    await place('own');
    const key = await readFile(at('engine.key'), 'utf8');
    await writeFile(at('engine.key'), key.slice(0, 120));
    const error = await refusal();
    expect(error.message).to.match(/engine\.key: it is not a private key/);
    expect(JSON.stringify([error.message, error.facts, error.cause])).to.not.include(key.slice(40, 60));
    await writeFile(at('engine.key'), key);
    await writeFile(at('engine.pem'), 'nothing');
    expect((await refusal()).message).to.match(/engine\.pem: it is not a certificate/);
  });

  it('refuses a key that others may read', async () => {
    await place('own');
    await chmod(at('engine.key'), 0o640);
    expect((await refusal()).message).to.match(/set its mode to 0600/);
  });

  it('refuses a certificate that has expired', async () => {
    await place('own');
    expect((await refusal(new Date('2050-01-01T00:00:00Z'))).message).to.match(/expired/);
  });
});
