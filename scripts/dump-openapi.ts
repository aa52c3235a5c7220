import { writeFileSync } from 'node:fs';
import { openapiDocuments } from '../channels/webservice/description.ts';

/** Writes the descriptions of the web service anew: `node dist/scripts/dump-openapi.js`, from the root of the checkout. */
for (const [name, document] of Object.entries(await openapiDocuments())) {
  writeFileSync(`schemas/openapi/${name}.json`, `${JSON.stringify(document, undefined, 2)}\n`);
}
