import type { FuzzTargets } from './target.ts';
import { ftpCommands } from './targets/ftp-commands.ts';
import { pdfForms } from './targets/pdf-forms.ts';
import { proxyHeaders } from './targets/proxy-header.ts';
import { ocspAnswers, revocationLists } from './targets/revocation.ts';
import { sftpRequests } from './targets/sftp-requests.ts';
import { signatureFiles } from './targets/signature.ts';
import { sshGreeting } from './targets/ssh-greeting.ts';
import { webRequests } from './targets/web-requests.ts';

/** Every reader of what strangers send. A new one is one line more. */
export const TARGETS: FuzzTargets = {
  'ftp-commands': ftpCommands,
  'sftp-requests': sftpRequests,
  'signature-files': signatureFiles,
  'proxy-headers': proxyHeaders,
  'revocation-lists': revocationLists,
  'ocsp-answers': ocspAnswers,
  'ssh-greeting': sshGreeting,
  'web-requests': webRequests,
  'pdf-forms': pdfForms,
};
