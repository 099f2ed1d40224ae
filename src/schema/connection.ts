import { Field, ObjectType, type ClassType } from 'type-graphql';
import { cursorOf, type PageWish, type Position } from './page.js';

@ObjectType({ simpleResolvers: true })
export class PageInfo {
  @Field()
  hasNextPage!: boolean;

  @Field(() => String, { nullable: true, description: 'Of the last row: give it as `after` to go on.' })
  endCursor!: string | null;
}

export interface Edge<T> {
  cursor: string;
  node: T;
}

/** A page of rows; edges and cursors are made only when they are asked for. */
export class Page<T extends Position> {
  readonly nodes: T[];
  private readonly hasNextPage: boolean;

  /** `rows` holds one more than the limit where there is a next page. */
  constructor(rows: T[], { limit }: PageWish) {
    this.hasNextPage = limit !== null && rows.length > limit;
    this.nodes = this.hasNextPage ? rows.slice(0, limit!) : rows;
  }

  get edges(): Edge<T>[] {
    return this.nodes.map((node) => ({ cursor: cursorOf(node), node }));
  }

  get pageInfo(): PageInfo {
    const last = this.nodes.at(-1);
    return { hasNextPage: this.hasNextPage, endCursor: last ? cursorOf(last) : null };
  }
}

/** The GraphQL types of a list of `node`: `<Name>Connection`, where no other name is given, and `<Name>Edge`. */
export function connectionOf<T extends Position>(node: ClassType<T>, name: string, connectionName = `${name}Connection`) {
  @ObjectType(`${name}Edge`, { simpleResolvers: true })
  class NodeEdge {
    @Field()
    cursor!: string;

    @Field(() => node)
    node!: T;
  }

  @ObjectType(connectionName, { simpleResolvers: true })
  class Connection {
    @Field(() => [NodeEdge])
    edges!: NodeEdge[];

    @Field(() => [node])
    nodes!: T[];

    @Field(() => PageInfo)
    pageInfo!: PageInfo;
  }
  return Connection;
}
