// Reads a feed from stdin; writes its items as JSON, as rss-parser sees them.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const Parser = createRequire(join(process.cwd(), "package.json"))("rss-parser");
const parser = new Parser({ customFields: { item: ["source", "id", "guid", "dc:creator"] } });
const feed = await parser.parseString(readFileSync(0, "utf-8"));

const nameOf = (source) => (typeof source === "string" ? source : undefined) ?? source?.title?.[0]?._ ?? source?.title?.[0] ?? "";
const items = feed.items.map((item) => ({
  id: item.id ?? item.guid,
  title: item.title,
  link: item.link,
  date: item.isoDate,
  source: nameOf(item.source),
}));
console.log(JSON.stringify(items));
