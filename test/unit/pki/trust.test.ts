import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { EngineError } from '../../../engine/core/errors.ts';
import { loadTrust } from '../../../engine/pki/trust.ts';
import type { Pki } from '../../support/pki.ts';
import { certificateAt, makePki, temporaryDir } from '../../support/pki.ts';

describe('loadTrust', () => {
  let dir: string;
  let remove: () => Promise<void>;
  let pki: Pki;

  before(async () => {
    ({ dir, remove } = await temporaryDir());
    pki = await makePki(join(dir, 'pki'));
  });
  after(() => remove());

  const at = (name: string) => join(dir, name);
  const anchorsOf = async (...paths: string[]) =>
    (await loadTrust(paths)).anchors.map(({ x509 }) => x509.subject.split('CN=')[1]);

  it('reads PEM with one certificate or several, text around them and all', async () => {
    const both = [await readFile(pki.ca, 'utf8'), 'some words\n', await readFile(pki.sender.cert, 'utf8')].join('\n');
    await writeFile(at('both.pem'), both);
    expect(await anchorsOf(pki.ca)).to.deep.equal(['ca']);
    expect(await anchorsOf(at('both.pem'))).to.deep.equal(['ca', 'sender']);
  });

  it('reads DER', async () => {
    await writeFile(at('ca.der'), (await certificateAt(pki.ca)).raw);
    expect(await anchorsOf(at('ca.der'))).to.deep.equal(['ca']);
  });

  it('reads the certificate files of a directory and passes over the others', async () => {
    await mkdir(at('anchors'));
    await writeFile(at('anchors/one.crt'), await readFile(pki.ca));
    await writeFile(at('anchors/two.PEM'), await readFile(pki.otherSender.cert));
    await writeFile(at('anchors/readme.txt'), 'not a certificate');
    expect(await anchorsOf(at('anchors'))).to.deep.equal(['ca', 'other-sender']);
  });

  it('counts a certificate that is there twice once', async () => {
    expect(await anchorsOf(pki.ca, pki.ca)).to.deep.equal(['ca']);
  });

  it('trusts nobody without a path', async () => {
    expect(await anchorsOf()).to.deep.equal([]);
  });

  it('names every unusable file at once', async () => {
    await mkdir(at('empty'));
    await mkdir(at('mixed'));
    await writeFile(at('mixed/good.pem'), await readFile(pki.ca));
    await writeFile(at('mixed/words.pem'), 'hello');
    await writeFile(at('broken.pem'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
    await writeFile(at('cut.der'), (await certificateAt(pki.ca)).raw.subarray(0, 100));
    const paths = ['absent.pem', 'empty', 'mixed', 'broken.pem', 'cut.der'].map(at);
    const error = await loadTrust([...paths, pki.sender.key, pki.ca]).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(EngineError).with.property('code', 'config_invalid');
    const { message } = error as EngineError;
    for (const name of [
      'absent.pem: there is no such file',
      'empty: no .pem',
      'words.pem: this file holds no certificate',
    ])
      expect(message).to.include(name);
    for (const name of ['broken.pem: ', 'cut.der: ', 'sender.key: ']) expect(message).to.include(name);
    expect(message).to.not.include(`${pki.ca}:`).and.not.include('good.pem');
  });
});
