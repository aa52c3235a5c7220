import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { expect } from 'chai';
import type { ParsedKey } from 'ssh2';
import { eventually } from '../support/eventually.ts';
import { type Attack, openAttack } from '../support/sftp-attack.ts';
import { type ClientKey, connect, ssh } from '../support/sftp-client.ts';
import { startSftpServer } from '../support/sftp-server.ts';
import { parsedKey } from '../support/ssh-raw.ts';

const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => '',
    (error: Error) => error.message,
  );

describe('SFTP under attack by strangers', function () {
  this.timeout(120_000);
  let attack: Attack;
  let server: Attack['server'];
  let keys: Attack['keys'];
  let user: Attack['user'];
  let works: Attack['works'];

  before(async () => {
    attack = await openAttack();
    ({ server, keys, user, works } = attack);
  });

  after(() => attack.close());

  describe('logging in', () => {
    it('refuses a stranger, and a sender who comes with the key of another', async () => {
      for (const key of [keys.stranger, keys.other]) {
        expect(await failureOf(connect({ ...user, key }))).to.match(/authentication methods failed/);
      }
      expect(await failureOf(connect({ ...user, login: 'nobody', key: keys.mine }))).to.match(/methods failed/);
      await works();
    });

    it('refuses a password, and asks no questions', async () => {
      for (const more of [{ password: 'x' }, { password: 'x', tryKeyboard: true }]) {
        const { key, ...rest } = user;
        expect(key.file).to.be.a('string');
        const login = { ...rest, key: { ...key, privateKey: '' } };
        const failed = connect(login, { ...more, authHandler: ['none', 'password', 'keyboard-interactive'] as never });
        expect(await failureOf(failed)).to.match(/methods failed/);
      }
    });

    it('answers an unknown login and a wrong key alike, in sentences and in time', async () => {
      const times: Record<string, number[]> = { voorbeeld: [], nobody: [] };
      for (let round = 0; round < 10; round += 1) {
        for (const login of ['voorbeeld', 'nobody']) {
          const from = performance.now();
          expect(await failureOf(connect({ ...user, login, key: keys.stranger }))).to.match(/methods failed/);
          times[login]?.push(performance.now() - from);
        }
      }
      const [known, unknown] = Object.values(times).map((list) => list.toSorted((a, b) => a - b)[5] ?? 0);
      expect((known ?? 0) / (unknown ?? 1)).to.be.within(0.4, 2.5);
    });

    it('does not take a signature of another key for the key that it names', async () => {
      const attempt = (key: ParsedKey) =>
        connect(user, { authHandler: [{ type: 'publickey', username: 'voorbeeld', key }] as never });
      (await attempt(forgedKey(keys.mine, keys.mine))).destroy();
      expect(await failureOf(attempt(forgedKey(keys.mine, keys.stranger)))).to.match(/methods failed/);
    });

    it('closes the connection after too many attempts', async () => {
      const failed = await failureOf(
        connect(
          { ...user, login: 'voorbeeld', key: keys.stranger },
          {
            authHandler: Array.from({ length: 10 }, () => ({
              type: 'publickey',
              username: 'voorbeeld',
              key: keys.stranger.privateKey,
            })) as never,
          },
        ),
      );
      expect(failed).to.not.equal('');
      await works();
    });

    it('closes a connection that says nothing in time', async () => {
      const quick = await startSftpServer({ senders: [], limits: { authTimeoutMs: 200 } });
      const socket = connectSocket(quick.port, '127.0.0.1').resume();
      await once(socket, 'close');
      await quick.stop();
    });

    it('offers strict key exchange, no SHA-1, no CBC', async () => {
      const socket = connectSocket(server.port, '127.0.0.1');
      socket.write('SSH-2.0-probe\r\n');
      let offer = '';
      socket.on('data', (bytes: Buffer) => {
        offer += bytes.toString('latin1');
      });
      await eventually(() => expect(offer).to.contain('kex-strict-s-v00@openssh.com'));
      socket.destroy();
      expect(offer).to.not.match(/sha1|-cbc|ssh-rsa|ssh-dss|arcfour|md5|group1-/);
    });

    for (const [what, algorithms] of Object.entries({
      'CBC ciphers': { cipher: ['aes128-cbc'] },
      'SHA-1 key exchange': { kex: ['diffie-hellman-group14-sha1'] },
      'SHA-1 MACs': { cipher: ['aes128-ctr'], hmac: ['hmac-sha1'] },
    })) {
      it(`refuses ${what}`, async () => {
        expect(await failureOf(connect(user, { algorithms: algorithms as never }))).to.match(/no matching/);
      });
    }

    it('limits the connections of one sender, and lets others in', async () => {
      const clients = await Promise.all(Array.from({ length: 8 }, () => connect(user)));
      expect(await failureOf(connect(user))).to.match(/methods failed/);
      const other = await connect({ ...user, login: 'ander', key: keys.other });
      for (const client of [...clients, other]) client.destroy();
      await eventually(works);
    });
  });

  describe('everything but SFTP', () => {
    it('is refused: shell, commands and forwarding', async () => {
      expect((await ssh(user, ['-T'])).code).to.not.equal(0);
      expect((await ssh(user, ['-T', 'id'])).code).to.not.equal(0);
      expect((await ssh(user, ['-T', '-s', 'netconf'])).code).to.not.equal(0);
      const forward = ['-o', 'ExitOnForwardFailure=yes', '-N', '-R', '0:127.0.0.1:1'];
      expect((await ssh(user, forward)).code).to.not.equal(0);
      const client = await connect(user);
      const opened = new Promise<unknown>((resolve) => {
        client.forwardOut('127.0.0.1', 1, '127.0.0.1', server.port, (error) => resolve(error));
      });
      expect(await opened).to.be.instanceOf(Error);
      client.destroy();
    });
  });
});

/** A key that names one key and signs with another. */
function forgedKey(named: ClientKey, signing: ClientKey): ParsedKey {
  const blob = parsedKey(named.publicKey).getPublicSSH();
  return Object.assign(parsedKey(signing.privateKey), { getPublicSSH: () => blob });
}
