"""The manager's web interface: NNI's REST names, the portal's protocol, and the guard before both.

Sees the experiment through :mod:`nni_core.experiment.control` alone. The one room that imports starlette and uvicorn.
"""
