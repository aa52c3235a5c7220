import { hasFolded, type SearchLanguage } from './fold.ts';
import type { MessageType, MessageTypes, Translated } from './message-types.ts';
import type { Search } from './search.ts';

/** A picture that an application or organisation is shown with. */
export interface Image {
  /** Names it within its owner. */
  readonly id: string;
  readonly mediaType: string;
  readonly language?: 'nl' | 'fr' | 'de';
  readonly bytes: Buffer;
}

interface Described {
  readonly url?: Translated;
  readonly images: readonly Image[];
  readonly contactBusiness?: string;
  readonly contactTechnical?: string;
}

/** An online service that messages come from. */
export interface Application extends Described {
  readonly id: string;
  readonly names: Translated;
  readonly description?: Translated;
}

/** An organisation that publishes messages. */
export interface PublishingOrganisation extends Described {
  /** Enterprise number. */
  readonly id: string;
  readonly names: Translated;
  readonly longNames?: Translated;
}

/** Reference data (protocol §2.2): all of it small, and none of it secret. In the order of their ids. */
export interface Directory {
  readonly types: readonly MessageType[];
  readonly applications: readonly Application[];
  readonly organisations: readonly PublishingOrganisation[];
}

/** Types and applications with which an organisation publishes. */
export function publishedBy(types: readonly MessageType[], organisation: string) {
  const own = types.filter(({ publishers }) => publishers.some((one) => one.organisation === organisation));
  const all = own.flatMap(({ publishers }) => publishers.filter((one) => one.organisation === organisation));
  return {
    types: own.map(({ id }) => id),
    applications: [...new Set(all.flatMap(({ applications }) => applications))].sort(),
  };
}

/** Types that are published with an application, and the organisations that do. */
export function publishedWith(types: readonly MessageType[], application: string) {
  const own = types.filter(({ publishers }) => publishers.some((one) => one.applications.includes(application)));
  const all = own.flatMap(({ publishers }) => publishers.filter((one) => one.applications.includes(application)));
  return {
    types: own.map(({ id }) => id),
    organisations: [...new Set(all.map(({ organisation }) => organisation))].sort(),
  };
}

/** Organisations that may publish a type, and the applications that they do it with. */
export function publishersOf({ publishers }: MessageType) {
  return {
    organisations: publishers.map(({ organisation }) => organisation),
    applications: [...new Set(publishers.flatMap(({ applications }) => applications))].sort(),
  };
}

/** A search, with what is called as it says in that language. */
export function searchFor(directory: Directory, query: string, language: SearchLanguage): Search {
  const named = (things: readonly { readonly id: string; readonly names: Translated }[]) =>
    things.filter(({ names }) => hasFolded(names[language], query)).map(({ id }) => id);
  const { types, applications, organisations } = directory;
  const long = organisations.filter(({ longNames }) => hasFolded(longNames?.[language], query)).map(({ id }) => id);
  return {
    ...{ query, language, types: named(types), applications: named(applications) },
    organisations: [...new Set([...named(organisations), ...long])],
  };
}

/** Who is named as a publisher in the types, and the engine's own organisation. */
export function publishingNumbers(types: MessageTypes, own: string): string[] {
  const numbers = Object.values(types).flatMap(({ publishers }) => publishers.map(({ organisation }) => organisation));
  return [...new Set([own, ...numbers])].sort();
}
