import { type FileHandle, open } from 'node:fs/promises';
import { bytesPerPerson, type DeclarationPlan, declarationParts, type FormPlan } from './declaration.ts';

/** A declaration of about `bytes` bytes (within a few persons), its persons spread over the forms. */
export interface WritePlan extends DeclarationPlan {
  readonly bytes?: number;
}

const CHUNK_CHARACTERS = 1024 * 1024;

/** Writes a declaration to a file in constant memory; resolves with its size in bytes and the number of persons. */
export async function writeDeclaration(path: string, plan: WritePlan): Promise<{ bytes: number; persons: number }> {
  const sized = { ...plan, forms: sizedForms(plan) };
  const file = await open(path, 'w');
  try {
    return { bytes: await writeParts(file, declarationParts(sized)), persons: count(sized.forms) };
  } finally {
    await file.close();
  }
}

function sizedForms(plan: WritePlan): readonly FormPlan[] {
  const forms = plan.forms ?? [{}];
  if (plan.bytes === undefined) return forms;
  const persons = Math.max(forms.length, Math.round(plan.bytes / bytesPerPerson(plan)));
  const share = Math.floor(persons / forms.length);
  const rest = persons - share * forms.length;
  return forms.map((form, index) => ({ ...form, persons: share + (index < rest ? 1 : 0) }));
}

function count(forms: readonly FormPlan[]): number {
  return forms.reduce((sum, form) => sum + (form.persons ?? 3), 0);
}

async function writeParts(file: FileHandle, parts: Iterable<string>): Promise<number> {
  let bytes = 0;
  let pending: string[] = [];
  let characters = 0;
  const flush = async () => {
    const chunk = Buffer.from(pending.join(''));
    await file.writeFile(chunk);
    bytes += chunk.length;
    pending = [];
    characters = 0;
  };
  for (const part of parts) {
    pending.push(part);
    characters += part.length;
    if (characters >= CHUNK_CHARACTERS) await flush();
  }
  await flush();
  return bytes;
}
