import { z } from 'zod';

/** The rules of a service's source. No message quotes a value, and nothing of it ever reaches a shell. */

const REPOSITORY_RULE = 'must be owner/name, as in acme/web';
export const REPOSITORY = z
  .string()
  .max(140, REPOSITORY_RULE)
  .regex(/^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\/[\w.-]+$/, REPOSITORY_RULE)
  .refine((text) => !/\/\.{1,2}$|\.git$/.test(text), REPOSITORY_RULE);

export const GIT_HOST = z
  .string()
  .max(253, 'must be at most 253 characters')
  .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$/, 'must be the name of a host, as in git.example.com or git.example.com:8443')
  .refine((text) => URL.canParse(`https://${text}`), 'must be the name of a host, as in git.example.com or git.example.com:8443');

/** What `git check-ref-format` refuses in the name of a branch. */
const NOT_IN_BRANCH = /[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|^[-/.]|[/.]$|\/\.|\.lock(\/|$)|^@$/;
export const BRANCH = z
  .string()
  .min(1, 'must not be empty')
  .max(244, 'must be at most 244 characters')
  .refine((text) => !NOT_IN_BRANCH.test(text), 'must be the name of a branch, as in main or release/1.2, and not a pattern or a ref')
  .refine((text) => !text.startsWith('refs/'), 'must be the name alone, without refs/heads/');

const PATH_RULE = 'must be a folder inside the repository, as in apps/web';
export const SOURCE_PATH = z
  .string()
  .max(1024, 'must be at most 1024 characters')
  .refine((text) => !/[\x00-\x1f\x7f\\]|^\/|\/$|\/\/|^$/.test(text), PATH_RULE)
  .refine((text) => !text.split('/').some((part) => part === '.' || part === '..'), PATH_RULE);

const DOCKERFILE_RULE = 'must be a file inside the repository, as in Dockerfile or docker/web.Dockerfile';
export const DOCKERFILE = z
  .string()
  .max(1024, 'must be at most 1024 characters')
  .refine((text) => !/[\x00-\x1f\x7f\\]|^\/|\/$|\/\/|^$/.test(text) && !text.split('/').some((part) => part === '.' || part === '..'), DOCKERFILE_RULE);
export const STAGE = z.string().max(128, 'must be at most 128 characters').regex(/^[A-Za-z0-9][\w.-]*$/, 'must be the name of a stage of the Dockerfile, as in FROM … AS web');
