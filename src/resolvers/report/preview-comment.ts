import { DeploymentState } from '../../entities/deployment-state.js';
import { PreviewState } from '../../entities/preview-state.js';
import type { PreviewRow } from '../preview/preview-rows.js';

/** By it our comment is known again. */
export const commentMarker = (previewId: string): string => `<!-- apex:preview:${previewId} -->`;

const TITLES: Readonly<Record<PreviewState, string>> = {
  [PreviewState.OPEN]: 'is there', [PreviewState.AWAITING_APPROVAL]: 'awaits approval', [PreviewState.REFUSED]: 'was not made', [PreviewState.CLOSED]: 'is closed',
};

/** The one comment on a pull request, as it is to read now. */
export function previewComment(preview: PreviewRow): string {
  const { id, state, message, environment, services, notes, commit, closesAt } = preview;
  const lines = [commentMarker(id), `### The preview${environment ? ` \`${environment.name}\`` : ''} ${TITLES[state]}`, ''];
  if (message) lines.push(plain(message), '');
  if (services.length > 0) {
    lines.push('| Service | Deployment | Address |', '|---|---|---|');
    for (const { name, latestDeployment, url } of services) lines.push(`| \`${name}\` | ${deploymentCell(latestDeployment)} | ${url ?? '–'} |`);
    lines.push('');
  }
  for (const note of notes) lines.push(`- ${plain(note)}`);
  if (notes.length > 0) lines.push('');
  lines.push(`Commit ${commit.slice(0, 12)}.${closesAt ? ` It is closed with the pull request, or where nothing happens until ${closesAt.toISOString().slice(0, 10)}.` : ''}`);
  return lines.join('\n');
}

function deploymentCell(deployment: PreviewRow['services'][number]['latestDeployment']): string {
  if (!deployment) return '–';
  const why = deployment.state === DeploymentState.FAILED && deployment.reason ? `: ${plain(deployment.reason.message)}` : '';
  return `${deployment.state}${why}`;
}

/** Nothing in it is markup, a mention or the end of a cell. */
const plain = (text: string): string => text.replaceAll(/\s+/g, ' ').replaceAll(/[\\`*_[\]<>|#]/g, (mark) => `\\${mark}`).replaceAll('@', '@\u200b');
