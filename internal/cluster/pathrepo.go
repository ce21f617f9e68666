package cluster

// pathrepo.go answers: which folders may hold fs repositories? A node takes none elsewhere, and says so only when one is
// registered. Next: snapshots.go.

import (
	"context"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"
)

// CoversFolder says whether every node allows fs repositories in a folder. known is false where the nodes do not tell.
// missing names a node that does not allow it.
func (c *Client) CoversFolder(ctx context.Context, folder string) (covered, known bool, missing string, err error) {
	dialect, err := c.Dialect(ctx)
	if err != nil || !dialect.PathRepo {
		return false, false, "", err
	}
	response, err := c.Do(ctx, http.MethodGet, "/_nodes/settings", nil, nil)
	if err != nil {
		if notOffered(err) {
			return false, false, "", nil
		}
		return false, false, "", err
	}
	covered = true
	gjson.GetBytes(response.Body, "nodes").ForEach(func(_, node gjson.Result) bool {
		paths := node.Get("settings.path")
		if !paths.Get("home").Exists() {
			covered, known = false, false // the settings are hidden, as on AWS
			return false
		}
		if known = true; !coveredBy(folder, paths.Get("repo")) {
			covered, missing = false, node.Get("name").String()
		}
		return true
	})
	return covered, known, missing, nil
}

// coveredBy takes path.repo as a list, or as text with commas.
func coveredBy(folder string, allowed gjson.Result) bool {
	roots := strings.Split(allowed.String(), ",")
	if allowed.IsArray() {
		roots = nil
		for _, one := range allowed.Array() {
			roots = append(roots, one.String())
		}
	}
	for _, root := range roots {
		root = strings.TrimRight(strings.TrimSpace(root), `/\`)
		if rest, below := strings.CutPrefix(folder, root); root != "" && below && (rest == "" || strings.ContainsAny(rest[:1], `/\`)) {
			return true
		}
	}
	return false
}
