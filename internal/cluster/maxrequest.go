package cluster

// maxrequest.go answers: how large may a request be? Next: bulk.go.

import (
	"context"
	"net/http"

	"github.com/tidwall/gjson"
)

// MaxRequest gives the smallest http.max_content_length of the cluster's nodes in bytes, or 0 where it isn't told: AWS hides
// its nodes, and answers 413 beyond 10 or 100 MiB, by instance type.
func (c *Client) MaxRequest(ctx context.Context) int64 {
	response, err := c.Send(ctx, Request{Method: http.MethodGet, Path: "/_nodes/http", Once: true})
	if err != nil {
		return 0 // not knowing costs a refused request, no more
	}
	var least int64
	gjson.GetBytes(response.Body, "nodes").ForEach(func(_, node gjson.Result) bool {
		if most := node.Get("http.max_content_length_in_bytes").Int(); most > 0 && (least == 0 || most < least) {
			least = most
		}
		return true
	})
	return least
}
