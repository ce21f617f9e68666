// Package rig is what the benches stand on: what a process used, what machine this is, and one call to a node that has
// nothing of the product in it, so that a mistake in the product's client can't hide.
//
// Read call.go, process.go, machine.go.
package rig

// call.go answers: how does a bench ask a node something? Next: process.go.

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// answerLimit bounds what is read of one answer.
const answerLimit = 1 << 30

// Object is JSON to be.
type Object map[string]any

// Call sends one request and gives the answer's body; the request's is bytes (_bulk) or something to be made JSON.
// A status outside 2xx is an error.
func Call(ctx context.Context, method, url string, body any) ([]byte, error) {
	kind := "application/x-ndjson"
	raw, ok := body.([]byte)
	if !ok && body != nil {
		kind = "application/json"
		var err error
		if raw, err = json.Marshal(body); err != nil {
			return nil, err
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	if len(raw) > 0 {
		request.Header.Set("Content-Type", kind)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, answerLimit))
	if err != nil {
		return nil, err
	}
	if response.StatusCode/100 != 2 {
		return nil, fmt.Errorf("%s %s: %s: %.300s", method, request.URL.Path, response.Status, answer)
	}
	return answer, nil
}
