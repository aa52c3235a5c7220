import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  type Application,
  type Directory,
  type Image,
  type PublishingOrganisation,
  publishedBy,
  publishedWith,
  publishersOf,
} from '../../../engine/mailboxes/directory.ts';
import type { MessageType } from '../../../engine/mailboxes/message-types.ts';
import { notFound } from './caller.ts';
import { dispositionOf } from './content.ts';
import type { EboxDeps } from './deps.ts';
import { imagesView, listed, type ShowText } from './view.ts';

/** A day: reference data may be kept by caches (protocol §2.7). */
const CACHED = 'public, max-age=86400';

/** Where a version has a kind of reference data, and how it shows texts. */
export interface Place {
  /** The address of the kind. */
  readonly base: string;
  readonly text: ShowText;
}

/** A kind of reference data: what there is of it, and how it is shown. */
export interface Reference<T extends { readonly id: string }> {
  readonly all: (directory: Directory) => readonly T[];
  readonly show: (one: T, directory: Directory, place: Place) => object;
}

export const messageTypes: Reference<MessageType> = {
  all: ({ types }) => types,
  show: (type, _directory, { text }) => {
    const { organisations, applications } = publishersOf(type);
    return {
      messageTypeId: type.id,
      messageTypeName: text(type.names),
      ...(type.description && { messageTypeDescription: text(type.description) }),
      validityPeriod: { validityPeriodNumber: type.validity.number, validityPeriodUnit: type.validity.unit },
      senderOrganizationIds: organisations,
      senderApplicationIds: applications,
    };
  },
};

export const applications: Reference<Application> = {
  all: (directory) => directory.applications,
  show: (application, directory, { base, text }) => {
    const { id, names, description, url, images } = application;
    const { organisations, types } = publishedWith(directory.types, id);
    return {
      ...{ applicationId: id, applicationName: text(names) },
      ...(description && { applicationDescription: text(description) }),
      ...{ applicationLogos: imagesView(images, `${base}/${id}`), ...(url && { applicationUrl: text(url) }) },
      ...{ senderOrganizationIds: organisations, messageTypeIds: types, ...contactsOf(application) },
    };
  },
};

export const organisations: Reference<PublishingOrganisation> = {
  all: (directory) => directory.organisations,
  show: (organisation, directory, { base, text }) => {
    const { id, names, longNames, url, images } = organisation;
    const published = publishedBy(directory.types, id);
    return {
      ...{ organizationId: id, organizationShortName: text(names) },
      ...(longNames && { organizationLongName: text(longNames) }),
      ...{ organizationLogos: imagesView(images, `${base}/${id}`), ...(url && { organizationUrl: text(url) }) },
      ...{ senderApplicationIds: published.applications, messageTypeIds: published.types },
      ...contactsOf(organisation),
    };
  },
};

const contactsOf = ({ contactBusiness, contactTechnical }: Application | PublishingOrganisation) => ({
  ...(contactBusiness !== undefined && { contactBusiness }),
  ...(contactTechnical !== undefined && { contactTechnical }),
});

/** A page of one kind of reference data. */
export async function listReference<T extends { readonly id: string }>(
  reference: Reference<T>,
  { query }: FastifyRequest,
  reply: FastifyReply,
  { deps, place }: { readonly deps: EboxDeps; readonly place: Place },
) {
  const { page, pageSize } = query as { page: number; pageSize: number };
  const directory = await deps.directory();
  const all = reference.all(directory);
  const items = all.slice((page - 1) * pageSize, page * pageSize).map((one) => reference.show(one, directory, place));
  reply.header('cache-control', CACHED);
  return listed(items, all.length);
}

/** One of a kind of reference data. Rejects with a problem when there is none. */
export async function oneReference<T extends { readonly id: string }>(
  reference: Reference<T>,
  id: string,
  reply: FastifyReply,
  { deps, place }: { readonly deps: EboxDeps; readonly place: Place },
) {
  const directory = await deps.directory();
  const one = reference.all(directory).find((each) => each.id === id);
  if (!one) throw notFound();
  reply.header('cache-control', CACHED);
  return reference.show(one, directory, place);
}

/** The bytes of a picture: to be saved or shown as an image, never run as a page. */
export async function sendImage(
  kind: 'applications' | 'organisations',
  { params }: FastifyRequest,
  reply: FastifyReply,
  deps: EboxDeps,
) {
  const { id, imageId } = params as { id: string; imageId: string };
  const owners: readonly { readonly id: string; readonly images: readonly Image[] }[] = (await deps.directory())[kind];
  const image = owners.find((one) => one.id === id)?.images.find((one) => one.id === imageId);
  if (!image) throw notFound();
  return reply
    .header('cache-control', CACHED)
    .header('content-disposition', dispositionOf(`${image.id}.${image.mediaType.split(/[/+]/)[1] ?? 'image'}`))
    .type('application/octet-stream')
    .send(image.bytes);
}
