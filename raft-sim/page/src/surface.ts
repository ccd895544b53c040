// What the picture is drawn on: a canvas on the screen, or the text of an SVG. The drawing knows only this interface.

export interface Line {
  color: string;
  width?: number;
  dash?: number[];
  alpha?: number;
}

export interface Label {
  color: string;
  size: number;
  bold?: boolean;
  align?: "left" | "center" | "right";
  alpha?: number;
}

export interface Surface {
  rect(x: number, y: number, width: number, height: number, fill: string, alpha?: number): void;
  frame(x: number, y: number, width: number, height: number, line: Line): void;
  line(points: number[], line: Line): void;
  polygon(points: number[], fill: string, alpha?: number): void;
  circle(x: number, y: number, radius: number, fill: string, edge?: Line): void;
  text(x: number, y: number, text: string, label: Label): void;
  /** Diagonal strokes over an area. */
  hatch(x: number, y: number, width: number, height: number, line: Line, gap: number): void;
  /** Draws within a rectangle only. */
  clip(x: number, y: number, width: number, height: number, draw: () => void): void;
}

const FONT = 'system-ui, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif';

export class CanvasSurface implements Surface {
  constructor(private readonly context: CanvasRenderingContext2D) {}

  private stroke({ color, width = 1, dash = [], alpha = 1 }: Line, path: () => void): void {
    const { context } = this;
    context.globalAlpha = alpha;
    context.strokeStyle = color;
    context.lineWidth = width;
    context.setLineDash(dash);
    context.beginPath();
    path();
    context.stroke();
    context.globalAlpha = 1;
  }

  rect(x: number, y: number, width: number, height: number, fill: string, alpha = 1): void {
    this.context.globalAlpha = alpha;
    this.context.fillStyle = fill;
    this.context.fillRect(x, y, width, height);
    this.context.globalAlpha = 1;
  }

  frame(x: number, y: number, width: number, height: number, line: Line): void {
    this.stroke(line, () => this.context.rect(x, y, width, height));
  }

  line(points: number[], line: Line): void {
    this.stroke(line, () => this.path(points));
  }

  private path(points: number[]): void {
    this.context.moveTo(points[0], points[1]);
    for (let at = 2; at < points.length; at += 2) this.context.lineTo(points[at], points[at + 1]);
  }

  polygon(points: number[], fill: string, alpha = 1): void {
    const { context } = this;
    context.globalAlpha = alpha;
    context.fillStyle = fill;
    context.beginPath();
    this.path(points);
    context.fill();
    context.globalAlpha = 1;
  }

  circle(x: number, y: number, radius: number, fill: string, edge?: Line): void {
    const { context } = this;
    context.fillStyle = fill;
    context.beginPath();
    context.arc(x, y, radius, 0, Math.PI * 2);
    context.fill();
    if (edge) this.stroke(edge, () => context.arc(x, y, radius, 0, Math.PI * 2));
  }

  text(x: number, y: number, text: string, { color, size, bold = false, align = "left", alpha = 1 }: Label): void {
    const { context } = this;
    context.globalAlpha = alpha;
    context.fillStyle = color;
    context.font = `${bold ? "600 " : ""}${size}px ${FONT}`;
    context.textAlign = align;
    context.textBaseline = "middle";
    context.fillText(text, x, y);
    context.globalAlpha = 1;
  }

  hatch(x: number, y: number, width: number, height: number, line: Line, gap: number): void {
    this.clip(x, y, width, height, () => {
      this.stroke(line, () => {
        for (let at = Math.floor((x - height) / gap) * gap; at < x + width; at += gap)
          this.path([at, y + height, at + height, y]);
      });
    });
  }

  clip(x: number, y: number, width: number, height: number, draw: () => void): void {
    const { context } = this;
    context.save();
    context.beginPath();
    context.rect(x, y, width, height);
    context.clip();
    draw();
    context.restore();
  }
}

const round = (number: number): string => String(Math.round(number * 100) / 100);
export const escaped = (text: string): string => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

export class SvgSurface implements Surface {
  private readonly parts: string[] = [];
  private clips = 0;

  constructor(
    private readonly width: number,
    private readonly height: number,
    private readonly title: string,
  ) {}

  private add(tag: string, attributes: Record<string, string | number | undefined>, content?: string): void {
    const list = Object.entries(attributes).filter(([, value]) => value !== undefined && value !== "");
    const text = list
      .map(([name, value]) => ` ${name}="${typeof value === "number" ? round(value) : escaped(value ?? "")}"`)
      .join("");
    this.parts.push(content === undefined ? `<${tag}${text}/>` : `<${tag}${text}>${content}</${tag}>`);
  }

  private stroke({ color, width = 1, dash = [], alpha = 1 }: Line): Record<string, string | number | undefined> {
    return {
      stroke: color,
      "stroke-width": width,
      "stroke-dasharray": dash.join(" "),
      "stroke-opacity": alpha < 1 ? alpha : undefined,
    };
  }

  rect(x: number, y: number, width: number, height: number, fill: string, alpha = 1): void {
    this.add("rect", { x, y, width, height, fill, "fill-opacity": alpha < 1 ? alpha : undefined });
  }

  frame(x: number, y: number, width: number, height: number, line: Line): void {
    this.add("rect", { x, y, width, height, fill: "none", ...this.stroke(line) });
  }

  private points(points: number[]): string {
    return points.map(round).join(" ");
  }

  line(points: number[], line: Line): void {
    this.add("polyline", { points: this.points(points), fill: "none", ...this.stroke(line) });
  }

  polygon(points: number[], fill: string, alpha = 1): void {
    this.add("polygon", { points: this.points(points), fill, "fill-opacity": alpha < 1 ? alpha : undefined });
  }

  circle(cx: number, cy: number, r: number, fill: string, edge?: Line): void {
    this.add("circle", { cx, cy, r, fill, ...(edge ? this.stroke(edge) : {}) });
  }

  text(x: number, y: number, text: string, { color, size, bold = false, align = "left", alpha = 1 }: Label): void {
    const anchor = align === "left" ? undefined : align === "center" ? "middle" : "end";
    const weight = bold ? "600" : undefined;
    const opacity = alpha < 1 ? alpha : undefined;
    const place = { x, y: y + size * 0.36, fill: color, "font-size": size, "font-weight": weight };
    this.add("text", { ...place, "text-anchor": anchor, "fill-opacity": opacity }, escaped(text));
  }

  hatch(x: number, y: number, width: number, height: number, line: Line, gap: number): void {
    this.clip(x, y, width, height, () => {
      for (let at = Math.floor((x - height) / gap) * gap; at < x + width; at += gap)
        this.line([at, y + height, at + height, y], line);
    });
  }

  clip(x: number, y: number, width: number, height: number, draw: () => void): void {
    const id = `clip${this.clips++}`;
    this.parts.push(
      `<clipPath id="${id}"><rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}"/></clipPath>`,
    );
    this.parts.push(`<g clip-path="url(#${id})">`);
    draw();
    this.parts.push("</g>");
  }

  /** The whole picture. */
  toString(): string {
    const { width, height } = this;
    const size = `width="${round(width)}" height="${round(height)}" viewBox="0 0 ${round(width)} ${round(height)}"`;
    const font = escaped(FONT);
    return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" font-family="${font}"><title>${escaped(this.title)}</title>\n${this.parts.join("\n")}\n</svg>\n`;
  }
}
