import type { FastifyRequest } from 'fastify';
import type { EboxDeps } from './deps.ts';
import {
  applications,
  listReference,
  messageTypes,
  oneReference,
  organisations,
  type Reference,
  sendImage,
} from './reference.ts';
import type { Route } from './routes.ts';
import { BYTES, listOf, MESSAGE_TYPE, PAGE_QUERY, SENDER_APPLICATION, SENDER_ORGANIZATION } from './schemas.ts';
import { NEEDS } from './scopes.ts';
import type { ShowText } from './view.ts';

const ABOUT = {
  method: 'GET',
  needs: NEEDS.referenceData,
  tag: 'reference data',
  headers: { type: 'object' },
} as const;
const QUERY = { type: 'object', additionalProperties: false, properties: PAGE_QUERY };

/** Where a version has its reference data, and how it shows texts. */
export interface ReferencePlace {
  readonly base: string;
  /** After the base: /referenceData in version 2, /refData in version 3. */
  readonly root: string;
  readonly text: ShowText;
}

/** Message types, applications and organisations, with their pictures; the same in all versions but for the path. */
export function referenceRoutes(deps: EboxDeps, { base, root, text }: ReferencePlace): Route[] {
  return [
    ...kindRoutes('messageTypes', messageTypes, MESSAGE_TYPE),
    ...kindRoutes('senderApplications', applications, SENDER_APPLICATION),
    ...kindRoutes('senderOrganizations', organisations, SENDER_ORGANIZATION),
    imageRoute('senderApplications', 'applications'),
    imageRoute('senderOrganizations', 'organisations'),
  ];

  function kindRoutes<T extends { readonly id: string }>(name: string, of: Reference<T>, schema: object): Route[] {
    const path = `${root}/${name}`;
    const place = () => ({ deps, place: { base: `${deps.url()}${base}${path}`, text } });
    const idIn = ({ params }: FastifyRequest) => (params as { id: string }).id;
    return [
      {
        ...{ ...ABOUT, path, summary: `All ${name}`, answer: listOf(schema), query: QUERY },
        handle: (request, reply) => listReference(of, request, reply, place()),
      },
      {
        ...{ ...ABOUT, path: `${path}/:id`, summary: `One of ${name}`, answer: schema },
        handle: (request, reply) => oneReference(of, idIn(request), reply, place()),
      },
    ];
  }

  function imageRoute(name: string, kind: 'applications' | 'organisations'): Route {
    return {
      ...{ ...ABOUT, path: `${root}/${name}/:id/images/:imageId/content`, summary: 'A picture', answer: BYTES },
      handle: (request, reply) => sendImage(kind, request, reply, deps),
    };
  }
}
