import { runCommand, tryCommand } from '../run-command.js';

/** How kube-router names its chains and sets; nothing else on a machine without another Kubernetes is called so. */
const OUR_CHAIN = /^KUBE-(ROUTER|POD-FW|NWPLCY)/;
const OUR_SET = /^(inet6:)?KUBE-(SRC|DST|IP|SVC|POD)/;
const NFT_TABLES: ReadonlyArray<readonly [family: string, name: string]> = [['ip', 'kube-proxy'], ['ip6', 'kube-proxy']];

/** Removes the tables of kube-proxy and the chains and sets of kube-router, and no rule of anybody else's. */
export async function removeFirewallRules(): Promise<void> {
  for (const [family, name] of NFT_TABLES) await tryCommand('nft', ['delete', 'table', family, name]);
  for (const family of ['iptables', 'ip6tables'] as const) {
    const script = removalScript((await tryCommand(`${family}-save`, [])).stdout);
    if (script) await runCommand(`${family}-restore`, ['--noflush'], { input: script });
  }
  for (const set of await ourSets()) await tryCommand('ipset', ['destroy', set]);
  await removeEmptyTables();
}

/** What is still there of the node's rules, for the check after a take-down. */
export async function remainingRules(): Promise<string[]> {
  const chains: string[] = [];
  for (const family of ['iptables', 'ip6tables'] as const) {
    const { stdout } = await tryCommand(`${family}-save`, []);
    chains.push(...[...stdout.matchAll(/^:(\S+)/gm)].map((match) => match[1]!).filter((chain) => OUR_CHAIN.test(chain)).map((chain) => `${family} chain ${chain}`));
  }
  const { stdout: tables } = await tryCommand('nft', ['list', 'tables']);
  const ours = [...NFT_TABLES.map(([family, name]) => `table ${family} ${name}`), 'table inet apex_node'];
  return [...chains, ...(await ourSets()).map((set) => `ipset ${set}`), ...tables.split('\n').filter((line) => ours.includes(line))];
}

/** From what iptables-save prints, the input for iptables-restore that takes out our jumps and then our chains, at once. */
export function removalScript(saved: string): string {
  const script: string[] = [];
  let table: string[] = [];
  let chains: string[] = [];
  for (const line of saved.split('\n')) {
    if (line.startsWith('*')) {
      table = [];
      chains = [];
      script.push(line);
    } else if (line.startsWith(':')) {
      const chain = line.slice(1).split(' ')[0]!;
      if (OUR_CHAIN.test(chain)) chains.push(chain);
    } else if (line.startsWith('-A ')) {
      const [, chain = ''] = line.split(' ');
      const target = / -[jg] (\S+)/.exec(line)?.[1] ?? '';
      if (!OUR_CHAIN.test(chain) && OUR_CHAIN.test(target)) table.push(`-D ${line.slice(3)}`);
    } else if (line === 'COMMIT') {
      const steps = [...table, ...chains.map((chain) => `-F ${chain}`), ...chains.map((chain) => `-X ${chain}`)];
      if (steps.length === 0) script.pop();
      else script.push(...steps, 'COMMIT');
    }
  }
  return script.length > 0 ? `${script.join('\n')}\n` : '';
}

async function ourSets(): Promise<string[]> {
  const { stdout } = await tryCommand('ipset', ['list', '-name']);
  return stdout.split('\n').filter((name) => OUR_SET.test(name));
}

/** iptables on nftables leaves its tables behind when it has emptied them; with no rule and no policy they do nothing. */
async function removeEmptyTables(): Promise<void> {
  for (const family of ['ip', 'ip6']) {
    for (const table of ['filter', 'nat', 'mangle', 'raw']) {
      const { code, stdout } = await tryCommand('nft', ['list', 'table', family, table]);
      if (code === 0 && isEmptyTable(stdout)) await tryCommand('nft', ['delete', 'table', family, table]);
    }
  }
}

/** Whether the text of a table holds built-in chains that accept everything, and nothing else. */
export function isEmptyTable(text: string): boolean {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith('#'))
    .every((line) => /^table \S+ \S+ \{$|^chain (INPUT|OUTPUT|FORWARD|PREROUTING|POSTROUTING) \{$|^type .* policy accept;$|^\}$/.test(line));
}
