import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { proxyHeader } from './proxy-header.ts';

/** The address that load balancers listen on: another than the server's, so that they can use its ports. */
export const BALANCED = '127.0.0.8';

/** A load balancer that sends the PROXY protocol, for real clients. */
export interface LoadBalancer {
  readonly port: number;
  close(): Promise<void>;
}

export interface LoadBalancerOptions {
  /** The server behind it, on 127.0.0.1. */
  readonly to: number;
  /** The address that the server sees; it must be trusted there. */
  readonly as: string;
  /** The address that it says its clients have. */
  readonly client: string;
  /** Where it listens; any free port when absent. */
  readonly port?: number;
}

/** Starts one. */
export async function loadBalancer({ to, as, client, port = 0 }: LoadBalancerOptions): Promise<LoadBalancer> {
  const sockets = new Set<Socket>();
  const server = createServer((incoming) => {
    const outgoing = connect({ port: to, host: '127.0.0.1', localAddress: as });
    outgoing.write(proxyHeader({ from: client, to: BALANCED }));
    for (const socket of [incoming, outgoing]) {
      sockets.add(socket.setNoDelay().on('error', () => undefined));
      socket.on('close', () => sockets.delete(socket));
    }
    incoming.pipe(outgoing).pipe(incoming);
  });
  server.listen(port, BALANCED);
  await once(server, 'listening');
  return {
    port: (server.address() as { port: number }).port,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
