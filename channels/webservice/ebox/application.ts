import type { FastifyInstance } from 'fastify';
import { createWalks } from '../../../engine/mailboxes/pages.ts';
import { takeJson } from './bodies.ts';
import type { EboxDeps } from './deps.ts';
import { PublicationV2 } from './described.ts';
import { documentationRoutes } from './documentation.ts';
import { EVENTS_BASE, FEDERATION, REGISTRY_V2, REGISTRY_V3 } from './paths.ts';
import { addRoutes } from './routes.ts';
import { consultRoutes } from './routes-consult.ts';
import { eventRoutes } from './routes-events.ts';
import { federationRoutes } from './routes-federation.ts';
import { publishRoutes } from './routes-publish.ts';
import { referenceRoutes } from './routes-reference.ts';
import { routesV3 } from './routes-v3.ts';
import { ATTACHMENT_V2, MESSAGE_V2, PUBLICATION_V2 } from './schemas-v2.ts';
import { answerStatus } from './status-message.ts';
import { attachmentV2, messageV2, textV2 } from './view.ts';

const VIEWS_V2 = {
  ...{ base: REGISTRY_V2, messageSchema: MESSAGE_V2, attachmentSchema: ATTACHMENT_V2 },
  ...{ message: messageV2, attachment: attachmentV2, text: textV2 },
};

/** Gives the description of one interface, by its base. */
export type DocumentOf = (base: string) => object;

/**
 * The interfaces of the mailboxes, each a part of the application with errors as it says them: the Message Registry in two
 * versions, the event service, the federation.
 */
export async function eboxRoutes(
  app: FastifyInstance,
  given: Omit<EboxDeps, 'walks'>,
  documentOf: DocumentOf,
): Promise<void> {
  const deps: EboxDeps = { ...given, walks: createWalks(given.clock) };
  const v2 = [
    ...consultRoutes(deps, VIEWS_V2),
    ...publishRoutes(deps, { path: '/publishMessage', description: PublicationV2, body: PUBLICATION_V2 }),
    ...referenceRoutes(deps, { base: REGISTRY_V2, root: '/referenceData', text: textV2 }),
  ];
  const environment = deps.environment;
  const parts = [
    { base: REGISTRY_V2, routes: v2, environment },
    { base: EVENTS_BASE, routes: eventRoutes(deps), environment },
    { base: FEDERATION, routes: federationRoutes(deps), environment: environment.toUpperCase() },
  ];
  for (const { base, routes, environment: name } of parts) {
    await app.register(async (part) => {
      takeJson(part);
      part.setErrorHandler((error, request, reply) =>
        answerStatus(error, request, reply, { log: deps.log, contact: deps.contact, environment: name }),
      );
      addRoutes(part, deps, base, routes);
      if (base === FEDERATION) documentationRoutes(part, deps.url, () => documentOf(FEDERATION));
    });
  }
  await app.register(async (part) => {
    takeJson(part);
    addRoutes(part, deps, REGISTRY_V3, routesV3(deps)); // errors as everywhere: problems (Belgif)
  });
}
