/** The images that generated Dockerfiles build on; in those of Node and Python `{version}` stands for what the project asks for. */
export interface ProjectImages {
  node: string;
  python: string;
  go: string;
  static: string;
}

/** How a project without a Dockerfile is built. */
export interface GeneratedDockerfile {
  /** What it was taken for and why, as in `a Node project (package.json)`. */
  kind: string;
  dockerfile: string;
}

/** What it is taken for is clear, but not how it is started or built; the sentence says what to do. */
export interface UnclearProject {
  unclear: string;
}
