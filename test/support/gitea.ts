import { newCommit } from './github.js';

const USER = { id: 1, login: 'gitea', full_name: 'Gitea', email: 'someone@gitea.io', avatar_url: 'https://gitea.example/avatars/1', username: 'gitea' };

const repositoryOf = (name: string): object => ({
  id: 140, owner: USER, name: name.split('/')[1], full_name: name, description: '', private: false, fork: false, html_url: `https://gitea.example/${name}`, ssh_url: `ssh://gitea@gitea.example/${name}.git`,
  clone_url: `https://gitea.example/${name}.git`, website: '', stars_count: 0, forks_count: 1, watchers_count: 1, open_issues_count: 7, default_branch: 'master',
  created_at: '2017-02-26T04:29:06-05:00', updated_at: '2017-03-13T13:51:58-04:00',
});

/** A push as Gitea's documentation shows it, with what the test is about put in. It has no `created`, no `deleted` and no `pushed_at`. */
export function giteaPush({ repository, branch = 'main', before = newCommit(), after = newCommit(), message = 'Webhooks Yay!' }: { repository: string; branch?: string; before?: string; after?: string; message?: string }): object {
  const commit = {
    id: after, message, url: `https://gitea.example/${repository}/commit/${after}`, author: { name: 'Gitea', email: 'someone@gitea.io', username: 'gitea' },
    committer: { name: 'Gitea', email: 'someone@gitea.io', username: 'gitea' }, timestamp: '2017-03-13T13:52:11-04:00', added: [], removed: [], modified: ['README.md'],
  };
  return { ref: `refs/heads/${branch}`, before, after, compare_url: `https://gitea.example/${repository}/compare/${before}...${after}`, commits: [commit], total_commits: 1, head_commit: commit, repository: repositoryOf(repository), pusher: USER, sender: USER };
}

export interface GiteaPullRequestWish {
  repository: string;
  action?: string;
  number?: number;
  commit?: string;
  /** Null: the repository of the branch is gone. Left out: as Gitea writes a branch of the same repository, by its id alone. */
  from?: string | null;
  at?: number;
}

/** An event of a pull request as Gitea sends it. */
export function giteaPullRequest({ repository, action = 'opened', number = 2, commit = newCommit(), from, at = 1_800_000_000 }: GiteaPullRequestWish): object {
  const updated_at = new Date(at * 1000).toISOString();
  const head = { label: 'patch-1', ref: 'patch-1', sha: commit, repo_id: from === undefined ? 140 : 141, ...(from !== undefined && { repo: from && repositoryOf(from) }) };
  return {
    action, number,
    pull_request: {
      id: 2, url: `https://gitea.example/${repository}/pulls/${number}`, number, user: USER, title: 'New pull', body: '', labels: [], state: action === 'closed' ? 'closed' : 'open', html_url: `https://gitea.example/${repository}/pulls/${number}`,
      mergeable: true, merged: false, base: { label: 'main', ref: 'main', sha: newCommit(), repo_id: 140, repo: repositoryOf(repository) }, head, created_at: updated_at, updated_at, closed_at: null,
    },
    repository: repositoryOf(repository), sender: USER, commit_id: '', review: null,
  };
}
