import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { expect } from 'chai';
import { freePort } from '../../scripts/demonstration/engine.ts';
import { PASSWORD, startEngine, type TestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { ftplib } from '../support/ftp.ts';
import { makeCertificate, temporaryDir } from '../support/pki.ts';
import { type Recorder, recorder } from '../support/recorder.ts';

describe('the certificate of a running FTP server', function () {
  this.timeout(60_000);
  let engine: TestEngine;
  let dir: string;
  let remove: () => Promise<void>;
  let log: Recorder;
  const ports = { explicit: 0, implicit: 0 };
  const open: TLSSocket[] = [];

  before(async () => {
    ({ dir, remove } = await temporaryDir());
    for (const name of ['first', 'second', 'third']) await makeCertificate(dir, { name });
    await use('first');
    [ports.explicit, ports.implicit] = [await freePort(), await freePort()];
    log = recorder();
    engine = await startEngine({
      log: log.log,
      ftp: { port: ports.explicit, implicitPort: ports.implicit, certificate: inUse('pem'), key: inUse('key') },
      senders: [{ channels: ['sftp', 'ftp'], passwordFile: 'password' }],
    });
  });
  after(async () => {
    for (const socket of open) socket.destroy();
    await engine.stop();
    await remove();
  });

  const inUse = (end: string) => join(dir, `in-use.${end}`);
  async function use(name: string): Promise<void> {
    await copyFile(join(dir, `${name}.key`), inUse('key'));
    await copyFile(join(dir, `${name}.pem`), inUse('pem'));
  }

  /** Connects to the implicit port; the connection stays open. */
  async function secure(): Promise<TLSSocket> {
    const socket = connect({ port: ports.implicit, host: '127.0.0.1', rejectUnauthorized: false });
    socket.on('error', () => undefined);
    open.push(socket);
    await new Promise((resolve, reject) => {
      socket.once('data', resolve); // the greeting
      socket.once('close', () => reject(new Error('closed')));
    });
    return socket;
  }

  const shown = async () => (await secure()).getPeerCertificate().subject.CN;
  const shownExplicit = () =>
    ftplib(`
import ftplib, ssl, subprocess
f = ftplib.FTP_TLS(context=ssl._create_unverified_context()); f.connect('127.0.0.1', ${ports.explicit}); f.auth()
der = f.sock.getpeercert(True)
out = subprocess.run(['openssl', 'x509', '-inform', 'DER', '-noout', '-subject', '-nameopt', 'multiline'], input=der, stdout=subprocess.PIPE).stdout
print(out.decode().split('= ')[-1].strip())
f.login('voorbeeld', '${PASSWORD}'); f.prot_p(); f.nlst(); f.quit()`).then((text) => text.trim());

  it('is the new one without a restart, and connections that are open go on', async () => {
    const before = await secure();
    expect(before.getPeerCertificate().subject.CN).to.equal('first');
    await use('second');
    expect(await shown()).to.equal('second');
    expect(await shownExplicit()).to.equal('second');
    expect(log.count('tls certificate read again')).to.equal(1);
    before.write('NOOP\r\n');
    const reply = await new Promise((resolve) => before.once('data', resolve));
    expect(String(reply)).to.match(/^200 /);
  });

  const bad: Record<string, () => Promise<unknown>> = {
    'is no certificate': () => writeFile(inUse('pem'), 'not a certificate'),
    'is half written': async () =>
      writeFile(inUse('pem'), (await readFile(join(dir, 'third.pem'), 'utf8')).slice(0, 300)),
    'does not fit the key': () => copyFile(join(dir, 'third.pem'), inUse('pem')),
    'is empty': () => writeFile(inUse('pem'), ''),
  };
  for (const [what, spoil] of Object.entries(bad)) {
    it(`stays the old one when the new file ${what}, and the log says so`, async () => {
      const complaints = log.count('tls certificate not read again');
      await spoil();
      expect(await shown()).to.equal('second');
      expect(await shownExplicit()).to.equal('second');
      expect(log.count('tls certificate not read again')).to.equal(complaints + 1);
      expect(log.lines('not read again').at(-1)).to.include(inUse('pem'));
    });
  }

  it('is the new one as soon as the files are mended', async () => {
    await use('third');
    await eventually(async () => expect(await shown()).to.equal('third'));
  });

  it('is never given over a protocol older than TLS 1.2', async () => {
    const old = connect({
      ...{ port: ports.implicit, host: '127.0.0.1', rejectUnauthorized: false },
      ...{ minVersion: 'TLSv1' as const, maxVersion: 'TLSv1.1' as const, ciphers: 'DEFAULT@SECLEVEL=0' },
    });
    const failed = await new Promise<Error>((resolve) => old.once('error', resolve));
    expect(failed.message).to.match(/alert protocol version|disconnected before secure/i);
  });
});
