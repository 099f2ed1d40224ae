import { cachePath } from '../../src/cli/surroundings.js';
import { prepareBuilder } from '../../src/node/builder.js';
import { seedImages } from '../../src/node/images.js';
import { graphqlClient } from '../acceptance/graphql-client.js';
import { until, visit } from '../acceptance/rest-client.js';
import { deliver, pushOf, SECRET } from '../support/github.js';
import { startGitServer } from '../support/git-server.js';
import { startTestServer } from '../support/test-server.js';

/** A project without a Dockerfile. */
export interface Project {
  name: string;
  files: Record<string, string>;
}

/** How a project was built, and what its address answers. */
export interface BuiltProject {
  state: string;
  reason: string | null;
  /** Of the build's log. */
  lines: string[];
  answer: string;
}

const ANSWER_SECONDS = 60;

/** Pushes each project to a Git server and delivers the push, as GitHub does; with the base images made from this machine's packages. */
export async function buildProjects(projects: readonly Project[]): Promise<Record<string, BuiltProject>> {
  await prepareBuilder({ cacheDir: cachePath(process) });
  await seedImages({ cacheDir: cachePath(process), only: ['node', 'python', 'golang'] });
  const git = await startGitServer();
  const server = await startTestServer({ cluster: true, env: { APEX_GITHUB_WEBHOOK_SECRET: SECRET, APEX_GIT_URL: git.url, APEX_ALLOWED_INTERNAL: git.host, APEX_BUILD_IMAGES: 'python=python:3.11-slim' } });
  const graph = graphqlClient(server.url, server.token);
  try {
    const built: Record<string, BuiltProject> = {};
    const pushed: { name: string; url: string; id: string }[] = [];
    for (const { name, files } of projects) {
      const repository = `acme/${name}`;
      const input = { name, containerPort: 8080, env: { PORT: '8080' }, public: true, source: { repository, autoDeploy: 'BUILD' } };
      const { url } = (await graph.run('mutation ($input: DeployServiceInput!) { deployService(input: $input) { url } }', { input })).deployService;
      const after = await git.push(repository, files);
      const { body } = await deliver(server, { headers: { 'x-github-enterprise-host': git.host }, payload: pushOf({ repository, host: git.host, after, modified: Object.keys(files), pushedAt: Math.floor(Date.now() / 1000) }) });
      pushed.push({ name, url, id: body.deployments[0] });
    }
    for (const { name, url, id } of pushed) {
      for await (const _ of graph.subscribe('subscription ($id: ID!) { deploymentProgress(deploymentId: $id) { cursor } }', { id }));
      const { deployment, buildLogs } = await graph.run('query ($id: ID!) { deployment(id: $id) { state reason { message } build { milliseconds } } buildLogs(deploymentId: $id) { lines { message } } }', { id });
      const answer = deployment.state === 'LIVE' ? await until(`${name} answers`, () => visit(url), ({ status }) => status === 200, ANSWER_SECONDS) : { text: '' };
      process.stdout.write(`generated build: ${name} ${deployment.build?.milliseconds} ms\n`);
      built[name] = { state: deployment.state, reason: deployment.reason?.message ?? null, lines: buildLogs.lines.map(({ message }: { message: string }) => message), answer: answer.text.trim() };
    }
    return built;
  } finally {
    await graph.close();
    await server.stop();
    await git.stop();
  }
}
