import { writeFileSync } from 'node:fs';
import { openapiDocument } from '../channels/webservice/description.ts';

/** Writes the description of the web service anew: `node dist/scripts/dump-openapi.js`, from the root of the checkout. */
for (const which of ['batch', 'access'] as const) {
  writeFileSync(`schemas/openapi/${which}-v1.json`, `${JSON.stringify(await openapiDocument(which), undefined, 2)}\n`);
}
