import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { createDownload } from '../../../engine/pki/revocation/download.ts';

describe('createDownload', () => {
  let server: Server;
  let base: string;
  const seen: string[] = [];

  before(async () => {
    server = createServer((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      if (request.url === '/silent') return;
      if (request.url === '/moved') return void response.writeHead(302, { location: `${base}/secret` }).end();
      if (request.url?.startsWith('/missing')) return void response.writeHead(404).end();
      if (request.url === '/endless') {
        response.on('error', () => undefined);
        const more = () => {
          while (!response.destroyed && response.write(Buffer.alloc(65_536)));
          if (!response.destroyed) response.once('drain', more);
        };
        return more();
      }
      response.end('bytes');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const download = createDownload({ withinMs: 500, maxBytes: 100_000 });

  it('gets what is there, and posts what is to be asked', async () => {
    expect(await download(`${base}/list`)).to.deep.equal({ bytes: Buffer.from('bytes') });
    await download(`${base}/ocsp`, { bytes: Buffer.from('x'), type: 'application/ocsp-request' });
    expect(seen.splice(0)).to.deep.equal(['GET /list', 'POST /ocsp']);
  });

  it('says in words what it could not have, without the query of the URL', async () => {
    expect(await download(`${base}/missing?token=1`)).to.deep.equal({
      fault: `${base}/missing answered with status 404`,
    });
    expect(await download(`${base}/silent`)).to.deep.equal({
      fault: `${base}/silent did not answer: not within 500 ms`,
    });
    expect(await download(`${base}/endless`)).to.deep.equal({
      fault: `${base}/endless answered with more than 100000 bytes`,
    });
  });

  it('goes nowhere else than it was told to', async () => {
    seen.splice(0);
    expect(await download(`${base}/moved`))
      .to.have.property('fault')
      .that.matches(/unexpected redirect/);
    expect(seen).to.deep.equal(['GET /moved']);
  });
});
