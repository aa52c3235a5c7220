import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { createObserveServer, type ObserveServerOptions } from '../../../../channels/observe/server.ts';
import { EngineError } from '../../../../engine/core/errors.ts';
import type { Health, HealthStatus } from '../../../../engine/core/health.ts';
import { silentLogger } from '../../../../engine/core/logger.ts';

const healthy = (status: HealthStatus): Health => ({ status, checks: [{ name: 'store', status }] });

describe('the observe server', () => {
  const servers: ReturnType<typeof createObserveServer>[] = [];

  async function serve(options: Partial<ObserveServerOptions> = {}) {
    const server = createObserveServer({
      host: '127.0.0.1',
      port: 0,
      health: async () => healthy('UP'),
      isReady: () => true,
      metrics: async () => 'bode_up 1\n',
      log: silentLogger(),
      ...options,
    });
    servers.push(server);
    await server.start();
    const ask = (path: string, init: RequestInit = {}) => fetch(`http://127.0.0.1:${server.port()}${path}`, init);
    return { server, ask, dial: () => connect(server.port(), '127.0.0.1') };
  }

  afterEach(async () => {
    for (const server of servers.splice(0)) await server.stop();
  });

  for (const [status, code] of [
    ['UP', 200],
    ['DEGRADED', 200],
    ['DOWN', 503],
  ] as const) {
    it(`answers ${code} to /health and /ready while the engine is ${status}`, async () => {
      const { ask } = await serve({ health: async () => healthy(status) });
      const [health, ready] = [await ask('/health'), await ask('/ready')];
      expect([health.status, ready.status]).to.deep.equal([code, code]);
      expect(await health.json()).to.deep.equal(healthy(status));
      expect(await ready.json()).to.deep.equal({ ready: status !== 'DOWN' });
    });
  }

  it('is healthy, but not ready, while the process takes no work', async () => {
    const { ask } = await serve({ isReady: () => false });
    const [health, ready] = [await ask('/health'), await ask('/ready')];
    expect([health.status, ready.status]).to.deep.equal([200, 503]);
    expect(await ready.json()).to.deep.equal({ ready: false });
  });

  it('gives the metrics as Prometheus reads them', async () => {
    const { ask } = await serve();
    const answer = await ask('/metrics?x=1');
    expect(answer.headers.get('content-type')).to.equal('text/plain; version=0.0.4; charset=utf-8');
    expect(await answer.text()).to.equal('bode_up 1\n');
  });

  it('answers HEAD with the headers alone', async () => {
    const { ask } = await serve();
    for (const path of ['/health', '/ready', '/metrics']) {
      const answer = await ask(path, { method: 'HEAD' });
      expect([answer.status, await answer.text()]).to.deep.equal([200, '']);
      expect(Number(answer.headers.get('content-length'))).to.be.greaterThan(0);
    }
  });

  it('answers all else with a problem', async () => {
    const { ask } = await serve();
    const wrong = [
      await ask('/'),
      await ask('/constructor'),
      await ask('/health/'),
      await ask('/metrics', { method: 'POST', body: 'x' }),
    ];
    expect(wrong.map(({ status }) => status)).to.deep.equal([404, 404, 404, 405]);
    expect(wrong[3]?.headers.get('allow')).to.equal('GET, HEAD');
    for (const answer of wrong) {
      expect(answer.headers.get('content-type')).to.equal('application/problem+json');
      expect(await answer.json()).to.include({ type: 'about:blank', status: answer.status });
    }
  });

  it('shows nothing of a failure inside', async () => {
    const secret = () => Promise.reject(new Error('secret of postgres://u:p@h'));
    const { ask } = await serve({ metrics: secret, health: secret });
    for (const path of ['/metrics', '/health', '/ready']) {
      const answer = await ask(path);
      expect(answer.status).to.equal(503);
      expect(await answer.text()).to.equal(
        '{"type":"about:blank","title":"The engine cannot tell this now","status":503}',
      );
    }
  });

  it('looks at the engine once, however many ask at the same time', async () => {
    let looked = 0;
    const { ask } = await serve({
      async metrics() {
        looked += 1;
        return 'bode_up 1\n';
      },
    });
    await Promise.all(Array.from({ length: 20 }, async () => (await ask('/metrics')).text()));
    expect(looked).to.equal(1);
  });

  it('cuts off a client that sends its headers too slowly', async () => {
    const { dial } = await serve({ limits: { headersMs: 100, requestMs: 200 } });
    const socket = dial();
    socket.write('GET /health HTTP/1.1\r\nhost: x\r\n');
    expect(await allOf(socket)).to.match(/^HTTP\/1.1 408 /);
  });

  it('refuses headers that are too large', async () => {
    const { dial } = await serve();
    const socket = dial();
    socket.write(`GET /health HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(9_000)}\r\n\r\n`);
    expect(await allOf(socket)).to.match(/^HTTP\/1.1 431 /);
  });

  it('turns away connections over its limit', async () => {
    const { server, dial } = await serve({ limits: { connections: 1 } });
    const first = dial();
    await once(first, 'connect');
    first.write('GET /health HTTP/1.1\r\nhost: x\r\n\r\n');
    await once(first, 'data');
    expect(await allOf(dial())).to.equal('');
    await server.stop();
  });

  it('does not start on a port that is taken, and says which and what to do', async () => {
    const { server } = await serve();
    const second = createObserveServer({
      host: '127.0.0.1',
      port: server.port(),
      health: async () => healthy('UP'),
      isReady: () => true,
      metrics: async () => '',
      log: silentLogger(),
    });
    const error = await second.start().catch((caught: unknown) => caught);
    expect(error).to.be.instanceOf(EngineError).with.property('code', 'config_invalid');
    expect((error as Error).message).to.equal(
      `observe.port: port ${server.port()} of 127.0.0.1 is taken, perhaps by another engine; set another port, or observe.enabled: false`,
    );
    await second.stop();
  });

  it('may be started and stopped twice, and does not wait for idle clients when it stops', async () => {
    const { server, ask, dial } = await serve();
    await server.start();
    await (await ask('/health')).text();
    const idle = dial();
    await once(idle, 'connect');
    await server.stop();
    await server.stop();
    expect(server.port()).to.equal(0);
    await server.start();
    expect(server.port()).to.be.greaterThan(0);
  });
});

/** All that the server sends until it closes the connection. */
async function allOf(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes;
  });
  socket.on('error', () => undefined);
  await once(socket, 'close');
  return text;
}
