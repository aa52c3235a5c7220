import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { type ClientDesk, type Login, openDesk, sftp, ssh } from '../support/sftp-client.ts';
import { startSftpServer, type TestSftpServer } from '../support/sftp-server.ts';

const BYTES = 20_000_000;
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describe('SFTP with a client that changes keys', function () {
  this.timeout(120_000);
  let desk: ClientDesk;
  let server: TestSftpServer;
  let user: Login;

  before(async () => {
    desk = openDesk();
    const key = desk.newKey();
    server = await startSftpServer({ senders: [{ number: '123456', login: 'voorbeeld', publicKey: key.publicKey }] });
    user = { port: server.port, login: 'voorbeeld', key };
  });
  after(async () => {
    await server.stop();
    desk.remove();
  });

  for (const cipher of ['aes128-gcm@openssh.com', 'chacha20-poly1305@openssh.com', 'aes256-ctr']) {
    it(`every 1 MB under ${cipher} gives back 20 MB as they were sent`, async () => {
      const bytes = randomBytes(BYTES);
      const sent = desk.put('sent', bytes);
      const more = ['-o', 'RekeyLimit=1M', '-o', `Ciphers=${cipher}`, '-v', '-v'];
      const result = await sftp(user, [`put ${sent} IN/x`, `get IN/x ${desk.path('back')}`], more);
      expect(result.code, result.stderr.slice(-2_000)).to.equal(0);
      expect(sha256(readFileSync(desk.path('back')))).to.equal(sha256(bytes));
      // the client says so each time; the first exchange is the one that opens the connection
      const exchanges = result.stderr.match(/SSH2_MSG_NEWKEYS sent/g) ?? [];
      expect(exchanges.length).to.be.greaterThan(10);
    });
  }

  it('still refuses everything but SFTP afterwards', async () => {
    expect((await ssh(user, ['-o', 'RekeyLimit=1K', '-T', 'id'])).code).to.not.equal(0);
  });
});
