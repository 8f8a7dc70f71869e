"""Routes that other protocols define, and pictures and sound: named in the OpenAPI document as families.

Who writes a client for these reads the protocol; here stands that they are there, how they are asked and what they
answer. What our own contract promises of every answer (the shape of errors) does not hold for those of others.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from earshot.covers import DIGITS

Schema = dict[str, Any]

SUBSONIC, AUDIOMUSE, LISTENBRAINZ, MEDIA, PAGE = "OpenSubsonic", "AudioMuse", "ListenBrainz", "media", "page"
FAMILIES = frozenset({SUBSONIC, AUDIOMUSE, LISTENBRAINZ, MEDIA, PAGE})
"""The tags of what is described here."""

_TEXT: Schema = {"type": "string", "maxLength": 512}
_TRACK = "file:8f434346648f6b96"
_PIXELS: Schema = {"type": "integer", "minimum": 1, "maximum": 10_000, "default": 500}
_SONG = {"item_id": "3f2a91", "title": "Stg1", "author": "Kenta Cho (ABA Games)", "album": "Noiz2sa", "distance": 0.07}
_PLAYED = {"track_metadata": {"track_name": "Stg1", "artist_name": "Kenta Cho (ABA Games)"}}


def _parameter(name: str, description: str, example: object, *, place: str = "query", schema: Schema = _TEXT) -> Schema:
    return {
        "name": name, "in": place, "required": place == "path", "description": description, "schema": schema,
        "example": example,
    }  # fmt: skip


def _json(example: object, description: str = "As its protocol says.") -> Schema:
    return {"200": {"description": description, "content": {"application/json": _shown(example)}}}


def _shown(example: object) -> Schema:
    return {"schema": {"type": "array" if isinstance(example, list) else "object"}, "example": example}


def _operation(  # noqa: PLR0917 (as they stand in the document)
    tag: str,
    operation_id: str,
    summary: str,
    description: str,
    responses: Mapping[str, Schema],
    parameters: Iterable[Schema] = (),
    body: object = None,
) -> Schema:
    operation: Schema = {
        "tags": [tag],
        "summary": summary,
        "description": description,
        "operationId": operation_id,
        "parameters": [*parameters],
        "responses": dict(responses),
    }
    if body is not None:
        operation["requestBody"] = {
            "description": "As its protocol says.", "required": True, "content": {"application/json": _shown(body)},
        }  # fmt: skip
    return operation


def _elsewhere(description: str) -> Schema:
    return {"description": description, "headers": {"Location": {"schema": {"type": "string"}}}}


_OF_A_TRACK = _parameter("track_id", "Id, URI or percent-encoded URL.", _TRACK, place="path")
_SIZE = _parameter("size", "Pixels of the longer side that are enough.", 96, schema=_PIXELS)
_MISSING = {"description": "There is none, or it cannot be had from here."}


def _media() -> dict[str, Schema]:
    cover = _parameter(
        "cover", "The name of a picture, as `artwork_url` has it.", "0f" * (DIGITS // 2), place="path",
        schema={"type": "string", "pattern": f"^[0-9a-f]{{{DIGITS}}}$", "maxLength": DIGITS},
    )  # fmt: skip
    audio: Schema = {"audio/*": {"schema": {"type": "string", "contentMediaType": "audio/mpeg"}}}
    picture: Schema = {"image/jpeg": {"schema": {"type": "string", "contentMediaType": "image/jpeg"}}}
    return {
        "/tracks/{track_id}/audio": {
            "get": _operation(
                MEDIA, "audio", "Hear a track",
                "A person's own file is sent, on one machine, with ranges for seeking. Of others the listener is sent "
                "to the provider's own server, whose address is fresh.",
                {
                    "200": {"description": "The file.", "content": audio},
                    "206": {"description": "The range that was asked for.", "content": audio},
                    "302": _elsewhere("It is played by its provider."),
                    "404": _MISSING,
                    "416": {"description": "The file has no such range."},
                },
                [_OF_A_TRACK],
            )
        },
        "/tracks/{track_id}/cover": {
            "get": _operation(
                MEDIA, "cover_of_track", "The cover of a track", "Sends whoever looks to where the picture is.",
                {"302": _elsewhere("Here, or at its provider."), "404": _MISSING}, [_OF_A_TRACK, _SIZE],
            )
        },
        "/covers/{cover}": {
            "get": _operation(
                MEDIA, "cover", "A cover that is kept here", "It never changes under its name: keep it for a year.",
                {
                    "200": {"description": "The picture.", "content": picture},
                    "304": {"description": "The picture that the caller has is this one."},
                    "404": _MISSING,
                },
                [cover, _SIZE],
            )
        },
    }  # fmt: skip


def _subsonic() -> dict[str, Schema]:
    example = {"subsonic-response": {"status": "ok", "version": "1.16.1", "type": "earshot", "openSubsonic": True}}
    answer = {
        "200": {
            "description": "What was asked for, or an error: with this status too, as Subsonic's are.",
            "content": {
                "application/json": _shown(example),
                "text/xml": {"schema": {"type": "string"}},
                "audio/*": {"schema": {"type": "string", "contentMediaType": "audio/mpeg"}},
                "image/jpeg": {"schema": {"type": "string", "contentMediaType": "image/jpeg"}},
            },
        },
        "302": _elsewhere("`stream` and `getCoverArt` of what is elsewhere."),
    }
    parameters = [
        _parameter("method", "Of OpenSubsonic, with or without `.view`.", "getSonicSimilarTracks", place="path"),
        _parameter("id", "A song, album or artist, by this api's id or a media server's.", _TRACK),
        _parameter("count", "How many at most.", 10, schema={"type": "integer", "minimum": 1, "maximum": 100}),
        _parameter("f", "The form of the answer: json, jsonp or xml.", "json"),
        _parameter("u", "The user, who is not looked at.", "me"),
        _parameter("p", "The password of players, where one is set; or `t` and `s`.", "enc:736573616d65"),
    ]
    description = (
        "ping, getLicense, getUser, getMusicFolders, getArtists, getIndexes, getArtist, getAlbum, getMusicDirectory, "
        "getAlbumList(2), getSong, getRandomSongs, getSongsByGenre, getGenres, search2, search3, getSimilarSongs(2), "
        "getSonicSimilarTracks, findSonicPath, stream, download, getCoverArt, scrobble, star, unstar, getStarred(2): "
        "https://opensubsonic.netlify.app says how each is asked; docs/players.md which players were tried."
    )
    return {
        "/rest/{method}": {
            method: _operation(SUBSONIC, operation_id, "What players ask", description, answer, parameters)
            for method, operation_id in (("get", "subsonic"), ("post", "subsonic_by_form"))
        }
    }


def _audiomuse() -> dict[str, Schema]:
    text = 'As AudioMuse-AI answers it, for its plugins; on one machine only. Errors are `{"error": …}`.'

    def get(operation_id: str, summary: str, answer: object, *parameters: Schema) -> Schema:
        return {"get": _operation(AUDIOMUSE, operation_id, summary, text, _json(answer), parameters)}

    found = {"results": [_SONG], "filtered_out": [], "centroid_2d": None}
    asked = {"items": [{"id": "3f2a91", "op": "ADD"}, {"id": "77c0de", "op": "SUBTRACT"}], "n": 20}
    path = {"path": [{key: _SONG[key] for key in ("item_id", "title", "author")}], "total_distance": 0.4}
    return {
        "/api/similar_tracks": get(
            "audiomuse_similar_tracks", "Songs that sound like a song", [_SONG],
            _parameter("item_id", "What the media server calls the song; else its title and artist.", "3f2a91"),
            _parameter("title", "Its title, with `artist`.", "Stg1"),
            _parameter("artist", "Its artist, with `title`.", "Kenta Cho (ABA Games)"),
            _parameter("n", "How many.", 10, schema={"type": "integer", "minimum": 1, "maximum": 100}),
            _parameter("eliminate_duplicates", "`true`: at most three of an artist.", "true"),
        ),
        "/api/find_path": get(
            "audiomuse_find_path", "A way from one song to another", path,
            _parameter("start_song_id", "Where it begins.", "3f2a91"),
            _parameter("end_song_id", "Where it ends.", "77c0de"),
            _parameter("max_steps", "Songs on it, both ends included.", 25, schema={"type": "integer", "maximum": 32}),
        ),
        "/api/search_tracks": get(
            "audiomuse_search_tracks", "Songs by words", [_SONG],
            _parameter("search_query", "Beginnings of words.", "stg"),
            _parameter("artist", "Words of the artist.", "Kenta"), _parameter("title", "Words of the title.", "Stg"),
            _parameter("start", "How many to pass over.", 0, schema={"type": "integer", "maximum": 10_000}),
            _parameter("end", "Up to which.", 20, schema={"type": "integer", "maximum": 10_000}),
        ),
        "/api/alchemy": {
            "post": _operation(
                AUDIOMUSE, "audiomuse_alchemy", "Songs like these and unlike those", text, _json(found), body=asked
            )
        },
    }  # fmt: skip


def _listenbrainz() -> dict[str, Schema]:
    text = "As ListenBrainz answers it, at `/1/`, for players that only need another address (docs/players.md). " \
        "The token is an API key. Errors are `{\"code\": …, \"error\": …}`."  # fmt: skip
    name = _parameter("name", "Not looked at: the token says who asks.", "me", place="path")
    moment: Schema = {"type": "integer", "minimum": 0, "maximum": 9_999_999_999}
    count: Schema = {"type": "integer", "minimum": 1, "maximum": 100}
    listens = {"payload": {"count": 1, "user_id": "me", "listens": [{"listened_at": 1_795_802_400, **_PLAYED}]}}

    def of(operation_id: str, summary: str, answer: object, *parameters: Schema, body: object = None) -> Schema:
        return _operation(LISTENBRAINZ, f"listenbrainz_{operation_id}", summary, text, _json(answer), parameters, body)

    said = {"status": "ok"}
    sent = {"listen_type": "single", "payload": [{"listened_at": 1_795_802_400, **_PLAYED}]}
    loved = {"recording_mbid": "98255a8c-017a-4bc7-8dd6-1fa36124572b", "score": 1}
    valid = {"code": 200, "message": "Token valid.", "valid": True, "user_name": "me"}
    playing = {"payload": {"count": 1, "user_id": "me", "playing_now": True, "listens": [_PLAYED]}}
    until = {"musicbrainz_id": "me", "latest_import": 1_795_802_400}
    token = _parameter("token", "The token, where no header says it.", "a key")
    before = _parameter("max_ts", "Before this time, in Unix seconds.", 1_795_802_400, schema=moment)
    after = _parameter("min_ts", "After this time.", 1_795_000_000, schema=moment)
    some = _parameter("count", "How many at most.", 25, schema=count)
    return {
        "/1/submit-listens": {"post": of("submit", "Say what was played", said, body=sent)},
        "/1/validate-token": {"get": of("validate_token", "Whether a token is one", valid, token)},
        "/1/user/{name}/listens": {"get": of("listens", "One's own plays", listens, name, before, after, some)},
        "/1/user/{name}/listen-count": {"get": of("count", "How many there are", {"payload": {"count": 1}}, name)},
        "/1/user/{name}/playing-now": {"get": of("playing_now", "What one plays now", playing, name)},
        "/1/latest-import": {
            "get": of("latest_import", "Up to when an importer has sent plays", until),
            "post": of("note_import", "Keep an importer's word", said, body={"ts": 1_795_802_400}),
        },
        "/1/feedback/recording-feedback": {"post": of("feedback", "Love or ban a recording", said, body=loved)},
    }


def _page() -> dict[str, Schema]:
    def get(operation_id: str, summary: str, media: str, *parameters: Schema) -> Schema:
        answer = {"200": {"description": summary, "content": {media: {"schema": {"type": "string"}}}}}
        return {"get": _operation(PAGE, operation_id, summary, "For browsers.", answer, parameters)}

    name = _parameter("name", "Of the file.", "style.css", place="path", schema={"type": "string", "maxLength": 80})
    return {
        "/": get("page", "The page", "text/html"),
        "/page/{name}": get("page_file", "A file of the page", "*/*", name),
        "/docs": get("docs", "This document, to be read and tried", "text/html"),
        "/openapi.json": get("openapi", "This document", "application/json"),
    }


def families() -> dict[str, Schema]:
    """Their paths, as the document has them."""
    return {**_media(), **_subsonic(), **_audiomuse(), **_listenbrainz(), **_page()}
