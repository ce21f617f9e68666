package main

// plot.go answers: what does the run look like? One panel for each pair and dataset, a bar for each contestant, and a
// line from the slowest to the fastest round; drawn as SVG with nothing but the standard library.

import (
	"fmt"
	"html"
)

// The plot's measures, in pixels.
const (
	plotWidth, plotLabel, plotRight = 860, 220, 150
	panelHead, barHeight, barGap    = 46, 22, 8
	panelFoot                       = 14
)

// colours of the bars: ours, the peers', and what bounds all.
var colours = map[string]string{byBackfill: "#1f6f8b", byRestore: "#7fb7c9", byElasticdump: "#b9b4a7", byReindex: "#b9b4a7", byBare: "#e8c468"}

// plot draws the loads.
func (r *results) plot() []byte {
	height := panelFoot
	for _, key := range r.measured(kindLoad) {
		height += panelHead + len(r.everybody(kindLoad, key))*(barHeight+barGap) + panelFoot
	}
	out := fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="system-ui, sans-serif" font-size="13" fill="#222">`+"\n", plotWidth, height, plotWidth, height)
	out = fmt.Appendf(out, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", plotWidth, height)
	top := panelFoot
	for _, key := range r.measured(kindLoad) {
		all := r.everybody(kindLoad, key)
		out = fmt.Appendf(out, `<text x="16" y="%d" font-size="15" font-weight="600">%s: %s</text>`+"\n", top+20, html.EscapeString(arrow(key.pair)), html.EscapeString(r.describe(key)))
		most := 1.0
		for _, s := range all {
			most = max(most, s.high)
		}
		scale := float64(plotWidth-plotLabel-plotRight) / most
		top += panelHead
		for _, s := range all {
			out = appendBar(out, s, top, scale)
			top += barHeight + barGap
		}
		top += panelFoot
	}
	return append(out, "</svg>\n"...)
}

func appendBar(out []byte, s summary, top int, scale float64) []byte {
	middle := top + barHeight/2
	const baseline = 4 // from a line's middle down to where its letters stand
	out = fmt.Appendf(out, `<text x="%d" y="%d" text-anchor="end">%s</text>`+"\n", plotLabel-10, middle+baseline, html.EscapeString(titleOf(s.name)))
	if s.count == 0 {
		return fmt.Appendf(out, `<text x="%d" y="%d" fill="#a33">failed</text>`+"\n", plotLabel, middle+baseline)
	}
	out = fmt.Appendf(out, `<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>`+"\n", plotLabel, top, s.rate*scale, barHeight, colours[s.name])
	if s.high > s.low {
		out = fmt.Appendf(out, `<path d="M%.1f %dH%.1fM%.1f %dv8M%.1f %dv8" stroke="#222" fill="none"/>`+"\n", float64(plotLabel)+s.low*scale, middle, float64(plotLabel)+s.high*scale,
			float64(plotLabel)+s.low*scale, middle-baseline, float64(plotLabel)+s.high*scale, middle-baseline)
	}
	return fmt.Appendf(out, `<text x="%.1f" y="%d">%s documents/s</text>`+"\n", float64(plotLabel)+s.high*scale+8, middle+baseline, whole(s.rate))
}
