import { XMLBuilder } from 'fast-xml-parser';
import type { NewRecord } from '../../records/records.ts';

const BUILDER = new XMLBuilder({ ignoreAttributes: false, format: true });

/** The document of a record that an authority gets by itself: XML of schemas/xsd/Mutation_1.xsd. */
export function buildMutation({ source, authority, day, fields }: NewRecord): Buffer {
  const root = {
    '@_xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance',
    '@_xsi:noNamespaceSchemaLocation': 'Mutation_1.xsd',
    ...{ Source: source, Authority: authority, Day: day, Fields: fields },
  };
  const declaration = { '?xml': { '@_version': '1.0', '@_encoding': 'UTF-8' } };
  return Buffer.from(BUILDER.build({ ...declaration, Mutation: root }), 'utf8');
}
