"""Answers ANAF's API from a world: XML, JSON and ZIP where the ministry has each of them, its errors under 200, its texts."""

from __future__ import annotations

import io
import json
import re
import threading
import zipfile
from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import quoteattr

from providers.sandbox.anaf.login import Login
from providers.sandbox.anaf.world import Upload, World
from providers.sandbox.http.exchange import Reply, Request, json_reply
from providers.sandbox.http.faults import Fault, Faults
from providers.sandbox.http.turns import cut_after, cut_before

_UPLOAD_NS = "mfp:anaf:dgti:spv:respUploadFisier:v1"
_STATUS_NS = "mfp:anaf:dgti:efactura:stareMesajFactura:v1"
_ERRORS_NS = "mfp:anaf:dgti:efactura:mesajEroriFactuta:v1"
_XML = {"Content-Type": "application/xml;charset=UTF-8"}
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'


class App:
    """The API under `/FCTEL/rest/` and the login server under `/anaf-oauth2/v1/`."""

    def __init__(self, world: World, faults: Faults) -> None:
        self.world, self.faults = world, faults
        self.stopping = threading.Event()
        self._login = Login(world)

    def __call__(self, request: Request) -> Reply:
        """One request."""
        with self.world.lock:
            self.world.calls.append({"method": request.method, "path": request.path, "query": dict(request.query)})
        fault = self.faults.strike(request.method, request.path)
        early = None if fault is None else self._before(fault)
        if early is not None:
            return early
        with self.world.lock:
            reply = self._login(request) if request.path.startswith("/anaf-oauth2/") else self._api(request)
        return reply if fault is None else self._after(fault, reply)

    def _before(self, fault: Fault) -> Reply | None:
        """A fault that strikes before anything was done. `code` `json` gives an error of the gateway under 200, `quota` the ministry's."""
        if fault.kind == "rate_limit":
            headers = {} if fault.retry_after_s is None else {"Retry-After": str(fault.retry_after_s)}
            return Reply(fault.status if fault.status != 500 else 429, b"", headers)
        if fault.kind == "error_before" and fault.code == "quota":
            return json_reply(200, {"eroare": "S-au facut deja 20 descarcari la mesajul cu id=1 in cursul zilei", "titlu": "Mesaj"})
        if fault.kind == "error_before" and fault.code == "json":
            return json_reply(200, {"eroare": "A aparut o eroare tehnica. Cod: SRV-3", "titlu": "Eroare"})
        if fault.kind == "error_before":
            return _broken(fault)
        return cut_before(fault, self.stopping)

    def _after(self, fault: Fault, reply: Reply) -> Reply:
        """A fault that strikes when the work is done."""
        if fault.kind == "error_after":
            return _broken(fault)
        return cut_after(fault, reply, self.stopping)

    def _api(self, request: Request) -> Reply:
        world, query = self.world, dict(request.query)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        ends_at = world.access.get(token)
        if ends_at is None or ends_at <= world.now():
            return json_reply(401, {"message": "Unauthorized"})
        if query.get("cif") in world.config.no_right_for:
            return json_reply(403, {"message": f"Nu aveti drept in SPV pentru CIF={query['cif']}"})
        name = request.path.rpartition("/")[2]
        if request.method == "POST" and name in ("upload", "uploadb2c"):
            return self._upload(request, query)
        if request.method != "GET":
            return json_reply(405, {"message": "Method Not Allowed"})
        if name == "stareMesaj":
            return self._status(query.get("id_incarcare", ""))
        if name == "descarcare":
            return self._download(query.get("id", ""))
        if name == "listaMesajePaginatieFactura":
            return self._page(query)
        return self._list(query) if name == "listaMesajeFactura" else json_reply(404, {"message": "No matching resource found"})

    def _upload(self, request: Request, query: dict[str, str]) -> Reply:
        if query.get("standard") not in ("UBL", "CN", "CII", "RASP") or not re.fullmatch(r"\d{2,13}", query.get("cif", "")):
            return json_reply(400, {"status": 400, "error": "Bad Request", "message": "Parametrii standard si cif sunt obligatorii"})
        first = self.world.same(request.body) if self.world.config.refuse_duplicates else None
        stamp = self.world.now().strftime("%Y%m%d%H%M")
        if first is not None:
            text = f"Fisierul a mai fost transmis, are index de incarcare {first.index}"
            errors = f"<Errors errorMessage={quoteattr(text)}/>"
            return _xml(f'{_HEAD}<header xmlns="{_UPLOAD_NS}" dateResponse="{stamp}" ExecutionStatus="1">{errors}</header>')
        made = self.world.take(request.target, query["cif"], request.body)
        return _xml(f'{_HEAD}<header xmlns="{_UPLOAD_NS}" dateResponse="{stamp}" ExecutionStatus="0" index_incarcare="{made.index}"/>')

    def _status(self, index: str) -> Reply:
        found = self.world.by("index", index)
        if found is None:
            text = f"Nu exista factura cu id_incarcare= {index}"
            return _xml(f'{_HEAD}<header xmlns="{_STATUS_NS}"><Errors errorMessage={quoteattr(text)}/></header>')
        if self.world.count("status", index) > self.world.config.status_a_day:
            text = f"S-au facut deja {self.world.config.status_a_day} interogari la mesajul cu id_incarcare={index} in cursul zilei"
            return _xml(f'{_HEAD}<header xmlns="{_STATUS_NS}"><Errors errorMessage={quoteattr(text)}/></header>')
        if not found.readable:
            errors = f"<Errors errorMessage={quoteattr(found.errors[0])}/>"
            return _xml(f'{_HEAD}<header xmlns="{_STATUS_NS}" stare="XML cu erori nepreluat de sistem">{errors}</header>')
        if found.done_at > self.world.now():
            return _xml(f'{_HEAD}<header xmlns="{_STATUS_NS}" stare="in prelucrare"/>')
        state = "nok" if found.errors else "ok"
        return _xml(f'{_HEAD}<header xmlns="{_STATUS_NS}" stare="{state}" id_descarcare="{found.answer}"/>')

    def _download(self, answer: str) -> Reply:
        found = self.world.by("answer", answer)
        if found is None or found.done_at > self.world.now():
            return json_reply(200, {"eroare": f"Pentru id={answer} nu exista inregistrata nici o factura", "titlu": "Descarcare mesaj"})
        most = self.world.config.downloads_a_day
        if self.world.count("download", answer) > most:
            text = f"S-au facut deja {most} descarcari la mesajul cu id={answer} in cursul zilei"
            return json_reply(200, {"eroare": text, "titlu": "Descarcare mesaj"})
        return Reply(200, _archive(found), {"Content-Type": "application/zip"})

    def _list(self, query: dict[str, str]) -> Reply:
        days, now = int(query.get("zile", "1")), self.world.now()
        if not 1 <= days <= 60:
            return json_reply(200, {"eroare": "Numarul de zile trebuie sa fie intre 1 si 60", "titlu": "Lista Mesaje"})
        fitting = self._fitting(query, now - timedelta(days=days), now)
        if not fitting:
            text = f"Nu exista mesaje in ultimele {days} zile"
            return json_reply(200, {"eroare": text, "titlu": "Lista Mesaje"})
        if len(fitting) > (most := self.world.config.most_listed):
            text = f"Lista de mesaje este mai mare decat numarul de {most} elemente permise in pagina. Folositi endpoint-ul cu paginatie."
            return json_reply(200, {"eroare": text, "titlu": "Lista Mesaje"})
        return json_reply(200, {
            "mesaje": [_line(one) for one in fitting], "serial": "1234AA456", "cui": query.get("cif"),
            "titlu": f"Lista Mesaje disponibile din ultimele {days} zile",
        })  # fmt: skip


    def _page(self, query: dict[str, str]) -> Reply:
        since, until = (datetime.fromtimestamp(int(query[name]) / 1000, UTC) for name in ("startTime", "endTime"))
        if until > self.world.now() or since < self.world.now() - timedelta(days=60):
            return json_reply(200, {"eroare": "Intervalul nu este in ultimele 60 de zile", "titlu": "Lista Mesaje"})
        fitting, most, page = self._fitting(query, since, until), self.world.config.most_listed, int(query["pagina"])
        pages = -(-len(fitting) // most)
        if not fitting:
            return json_reply(200, {"eroare": "Nu exista mesaje in intervalul selectat", "titlu": "Lista Mesaje"})
        if page > pages:
            text = f"Pagina solicitata {page} este mai mare decat numarul total de pagini {pages}"
            return json_reply(200, {"eroare": text, "titlu": "Lista Mesaje"})
        shown = fitting[(page - 1) * most : page * most]
        return json_reply(200, {
            "mesaje": [_line(one) for one in shown], "numar_inregistrari_in_pagina": len(shown),
            "numar_total_inregistrari_per_pagina": most, "numar_total_inregistrari": len(fitting), "numar_total_pagini": pages,
            "index_pagina_curenta": page, "cui": query.get("cif"), "titlu": "Lista Mesaje disponibile din intervalul",
        })  # fmt: skip

    def _fitting(self, query: dict[str, str], since: datetime, until: datetime) -> list[Upload]:
        kind = query.get("filtru")
        return [
            one for one in self.world.uploads
            if one.cif == query.get("cif") and one.readable and one.done_at <= until and one.at > since
            and kind in (None, "E" if one.errors else "T")
        ]  # fmt: skip


def _line(one: Upload) -> dict[str, str]:
    about = f"Factura cu id_incarcare={one.index} emisa de cif_emitent={one.cif} pentru cif_beneficiar=0"
    return {
        "data_creare": one.done_at.strftime("%Y%m%d%H%M"), "cif": one.cif, "id_solicitare": one.index, "id": one.answer,
        "detalii": f"Erori de validare identificate la factura transmisa cu id_incarcare={one.index}" if one.errors else about,
        "tip": "ERORI FACTURA" if one.errors else "FACTURA TRIMISA",
    }  # fmt: skip


def _archive(one: Upload) -> bytes:
    errors = "".join(f"<Error errorMessage={quoteattr(text)}/>" for text in one.errors)
    wrong = f'{_HEAD}<header xmlns="{_ERRORS_NS}" Index_incarcare="{one.index}" Cif_emitent="{one.cif}">{errors}</header>'
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{one.index}.xml", wrong if one.errors else one.body)
        archive.writestr(f"semnatura_{one.index}.xml", f'{_HEAD}<Signature xmlns="http://www.w3.org/2000/09/xmldsig#" of="{one.sha256}"/>')
    return held.getvalue()


def _xml(text: str) -> Reply:
    return Reply(200, text.encode(), _XML)


def _broken(fault: Fault) -> Reply:
    told = {"timestamp": "now", "status": fault.status, "error": "Internal Server Error", "message": "eroare interna"}
    return Reply(fault.status, json.dumps(told).encode(), {"Content-Type": "application/json"})
