import { mkdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseCertificate } from '../../../engine/pki/certificate.ts';
import { entryFor, readCrl } from '../../../engine/pki/revocation/crl.ts';
import { createCrlFiles } from '../../../engine/pki/revocation/crl-files.ts';
import { asPem, extension, type ListToWrite } from '../../support/certificate-writer.ts';
import { LAB_NOW, openPathLab } from '../../support/path-lab.ts';
import { temporaryDir } from '../../support/pki.ts';

const lab = openPathLab();
const number = (value: number) => Buffer.from((0x100000 + value).toString(16).padStart(8, '0'), 'hex').subarray(1);
const list = (spec: Partial<ListToWrite>) => lab.list(spec);

describe('readCrl', () => {
  it('finds an entry among many, its reason, and none that is only the end or the beginning of another', () => {
    const revoked = Array.from({ length: 5_000 }, (_, at) => ({
      serial: number(at * 2),
      extensions: [extension.reason(at % 2 ? 1 : 4)],
    }));
    const crl = readCrl(list({ revoked }));
    expect(entryFor(crl, number(2))).to.deep.equal({
      revokedAt: new Date('2026-02-01T00:00:00Z'),
      reason: 'keyCompromise',
    });
    expect(entryFor(crl, number(9_996))).to.include({ reason: 'superseded' });
    expect(entryFor(crl, number(3))).to.equal(undefined);
    expect(entryFor(crl, number(2).subarray(1))).to.equal(undefined);
  });

  it('is not misled by a serial number that stands somewhere else in an entry', () => {
    const inside = Buffer.from([0x02, 0x01, 0x05]);
    const revoked = [{ serial: number(1), extensions: [{ id: '1.2.3', value: inside }] }];
    expect(entryFor(readCrl(list({ revoked })), Buffer.from([5]))).to.equal(undefined);
  });

  it('takes nothing that is not DER of one list', () => {
    const whole = list({});
    expect(() => readCrl(Buffer.concat([whole, Buffer.from([0])]))).to.throw('after the end');
    expect(() => readCrl(whole.subarray(0, 80))).to.throw('longer than what holds it');
    expect(() => readCrl(lab.anchor.certificate)).to.throw();
    expect(() => readCrl(Buffer.alloc(0))).to.throw('ends too early');
  });
});

describe('createCrlFiles', () => {
  let dir: string;
  let remove: () => Promise<void>;
  before(async () => {
    ({ dir, remove } = await temporaryDir());
  });
  after(() => remove());

  const certificate = parseCertificate(lab.entity());

  it('reads DER and PEM with several, of files and directories, and reads a file again once it has changed', async () => {
    await mkdir(join(dir, 'lists'));
    await writeFile(join(dir, 'lists', 'a.crl'), list({}));
    await writeFile(join(dir, 'lists', 'b.pem'), asPem('X509 CRL', list({})) + asPem('X509 CRL', list({})));
    await writeFile(join(dir, 'lists', 'readme.txt'), 'no list');
    const source = createCrlFiles([join(dir, 'lists')], 100_000);
    const first = await source.listsFor(certificate, LAB_NOW);
    expect([first.lists.length, first.faults]).to.deep.equal([3, []]);
    expect((await source.listsFor(certificate, LAB_NOW)).lists[0]).to.equal(first.lists[0]);
    await writeFile(join(dir, 'lists', 'a.crl'), list({ revoked: [{ serial: number(1) }] }));
    await utimes(join(dir, 'lists', 'a.crl'), 1, 1);
    expect((await source.listsFor(certificate, LAB_NOW)).lists[0]).to.not.equal(first.lists[0]);
  });

  it('names a file that is no list, is too large or has gone, and goes on with the others', async () => {
    const [words, large, good, gone] = ['words.pem', 'large.crl', 'good.crl', 'gone.crl'].map((name) =>
      join(dir, name),
    ) as [string, string, string, string];
    await writeFile(words, 'hello');
    await writeFile(large, Buffer.alloc(2_000));
    await writeFile(good, list({}));
    await writeFile(gone, list({}));
    const source = createCrlFiles([words, large, good, gone], 1_000);
    await rm(gone);
    const { lists, faults } = await source.listsFor(certificate, LAB_NOW);
    expect(lists).to.have.length(1);
    expect(faults).to.deep.equal([
      `${words}: it holds no revocation list`,
      `${large}: it is larger than 1000 bytes`,
      `${gone}: ENOENT`,
    ]);
  });
});
