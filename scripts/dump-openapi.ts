import { writeFileSync } from 'node:fs';
import { openapiDocument } from '../channels/webservice/description.ts';

/** Writes the description of the web service anew: `node dist/scripts/dump-openapi.js`, from the root of the checkout. */
writeFileSync('schemas/openapi/batch-v1.json', `${JSON.stringify(await openapiDocument(), undefined, 2)}\n`);
